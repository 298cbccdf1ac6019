/*
 * ph-test-grant: makes a release grant as the hub will (docs/release-api.md),
 * and wrong ones for tests. Used by the tests and by installer/try.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/identity.h"
#include "printhold/crypto/jws.h"
#include "printhold/proto/json.h"

#define KEY_MAX        16384
#define LIFE_DEFAULT_S 120

struct order {
    const char *key_path;
    const char *output;
    const char *tamper; /* NULL, "payload" or "signature" */
    const char *life;
    int64_t shift_s;
    json_t *header;
    json_t *claims;
};

enum {
    OPT_KEY = 1,
    OPT_ISS,
    OPT_AUD,
    OPT_SUB,
    OPT_PRINTER_CERT,
    OPT_LIFE,
    OPT_JTI,
    OPT_JOBS,
    OPT_AMR,
    OPT_OUTPUT,
    OPT_SHIFT,
    OPT_CLAIM,
    OPT_NO_CLAIM,
    OPT_HEADER,
    OPT_NO_HEADER,
    OPT_TAMPER,
    OPT_HELP,
};

static const struct option options[] = {
    {"key", required_argument, NULL, OPT_KEY},
    {"iss", required_argument, NULL, OPT_ISS},
    {"aud", required_argument, NULL, OPT_AUD},
    {"sub", required_argument, NULL, OPT_SUB},
    {"printer-cert", required_argument, NULL, OPT_PRINTER_CERT},
    {"life", required_argument, NULL, OPT_LIFE},
    {"jti", required_argument, NULL, OPT_JTI},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"amr", required_argument, NULL, OPT_AMR},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"shift", required_argument, NULL, OPT_SHIFT},
    {"claim", required_argument, NULL, OPT_CLAIM},
    {"no-claim", required_argument, NULL, OPT_NO_CLAIM},
    {"header", required_argument, NULL, OPT_HEADER},
    {"no-header", required_argument, NULL, OPT_NO_HEADER},
    {"tamper", required_argument, NULL, OPT_TAMPER},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage_text[] =
    "Usage: ph-test-grant --key FILE --iss ISSUER --aud WS --sub LOGIN\n"
    "                     --printer-cert FILE [OPTION...]\n"
    "\n"
    "Writes a release grant (compact JWS, ES256) to standard output.\n"
    "  --key FILE            the issuer's private key, PEM\n"
    "  --printer-cert FILE   the certificate that the grant is bound to\n"
    "  --life SECONDS        default 120\n"
    "  --jti TEXT            default random\n"
    "  --jobs ID[,ID...]     only these jobs; all of the user if left out\n"
    "  --amr WORD[,WORD...]  how the user signed in; default pin\n"
    "  --output FILE         write there (mode 0600) instead\n"
    "Wrong ones:\n"
    "  --shift SECONDS       move iat, nbf and exp; may be negative\n"
    "  --claim NAME=JSON     set a claim to any JSON value\n"
    "  --no-claim NAME       leave a claim out\n"
    "  --header NAME=JSON, --no-header NAME\n"
    "  --tamper PART         change the payload or signature after signing\n";

static PH_NORETURN void
die(const char *what, const char *detail)
{
    (void)fprintf(stderr, "ph-test-grant: %s%s%s\n", what,
                  detail != NULL ? ": " : "", detail != NULL ? detail : "");
    exit(1);
}

static void
set_text(json_t *object, const char *name, const char *text)
{
    if (json_object_set_new(object, name, json_string(text)) != 0)
        die("not UTF-8 text", name);
}

static void
set_integer(json_t *object, const char *name, int64_t value)
{
    if (json_object_set_new(object, name, json_integer(value)) != 0)
        die("out of memory", NULL);
}

/* "a,b" becomes ["a","b"]. */
static void
set_words(json_t *object, const char *name, const char *words)
{
    json_t *list = json_array();

    while (*words != '\0') {
        size_t len = strcspn(words, ",");

        if (json_array_append_new(list, json_stringn(words, len)) != 0)
            die("not UTF-8 text", name);
        words += len;
        words += *words == ',';
    }
    if (json_object_set_new(object, name, list) != 0)
        die("out of memory", NULL);
}

/* "name=JSON". */
static void
set_any(json_t *object, const char *text)
{
    const char *equals = strchr(text, '=');
    json_t *value = NULL;
    char name[64];

    if (equals == NULL || (size_t)(equals - text) >= sizeof(name))
        die("needs NAME=JSON", text);
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = '\0';
    value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
    if (value == NULL || json_object_set_new(object, name, value) != 0)
        die("not a JSON value", equals + 1);
}

static void
set_binding(json_t *claims, const char *cert_path)
{
    struct ph_identity identity;
    struct ph_why why = {{0}};
    json_t *cnf = json_object();

    if (ph_identity_of_file(cert_path, &identity, &why) != PH_OK)
        die(why.text, NULL);
    set_text(cnf, "x5t#S256", identity.thumbprint);
    if (json_object_set_new(claims, "cnf", cnf) != 0)
        die("out of memory", NULL);
}

static void
set_times(struct order *order)
{
    uint64_t life_s = LIFE_DEFAULT_S;
    int64_t now_s = ph_clock_wall_ms() / 1000 + order->shift_s;

    if (order->life != NULL &&
        ph_parse_u64(order->life, 0, INT32_MAX, &life_s) != PH_OK)
        die("not a number of seconds", order->life);
    set_integer(order->claims, "iat", now_s);
    set_integer(order->claims, "nbf", now_s);
    set_integer(order->claims, "exp", now_s + (int64_t)life_s);
}

static void
set_defaults(struct order *order)
{
    char jti[PH_ID_TEXT];
    struct ph_id id;

    if (ph_id_make(&id) != PH_OK)
        die("no random bytes", NULL);
    ph_id_format(&id, jti);
    set_text(order->header, "alg", "ES256");
    set_text(order->header, "typ", "phgrant+jwt");
    set_text(order->claims, "jti", jti);
    set_words(order->claims, "amr", "pin");
}

static int64_t
shift_of(const char *text)
{
    bool negative = *text == '-';
    uint64_t value = 0;

    if (ph_parse_u64(text + negative, 0, INT32_MAX, &value) != PH_OK)
        die("not a number of seconds", text);
    return negative ? -(int64_t)value : (int64_t)value;
}

/* Options with a meaning of their own; others are applied in a second pass,
 * after the times and the key id are set, so that they can spoil those. */
static void
take_option(struct order *order, int option, const char *value)
{
    switch (option) {
    case OPT_KEY:
        order->key_path = value;
        break;
    case OPT_ISS:
        set_text(order->claims, "iss", value);
        break;
    case OPT_AUD:
        set_text(order->claims, "aud", value);
        break;
    case OPT_SUB:
        set_text(order->claims, "sub", value);
        break;
    case OPT_PRINTER_CERT:
        set_binding(order->claims, value);
        break;
    case OPT_LIFE:
        order->life = value;
        break;
    case OPT_JTI:
        set_text(order->claims, "jti", value);
        break;
    case OPT_JOBS:
        set_words(order->claims, "jobs", value);
        break;
    case OPT_AMR:
        set_words(order->claims, "amr", value);
        break;
    case OPT_OUTPUT:
        order->output = value;
        break;
    case OPT_SHIFT:
        order->shift_s = shift_of(value);
        break;
    case OPT_TAMPER:
        if (strcmp(value, "payload") != 0 && strcmp(value, "signature") != 0)
            die("--tamper is payload or signature, not", value);
        order->tamper = value;
        break;
    default:
        break;
    }
}

static void
spoil(struct order *order, int option, const char *value)
{
    switch (option) {
    case OPT_CLAIM:
        set_any(order->claims, value);
        break;
    case OPT_NO_CLAIM:
        (void)json_object_del(order->claims, value);
        break;
    case OPT_HEADER:
        set_any(order->header, value);
        break;
    case OPT_NO_HEADER:
        (void)json_object_del(order->header, value);
        break;
    default:
        break;
    }
}

static struct ph_jws_key *
load_key(const char *path)
{
    struct ph_jws_key *key = NULL;
    struct ph_why why = {{0}};
    struct ph_buf pem;

    if (ph_io_read_file(AT_FDCWD, path, KEY_MAX, &pem) != PH_OK)
        die("cannot read the key", path);
    if (ph_jws_key_from_pem(pem.data, pem.len, &key, &why) != PH_OK)
        die(why.text, NULL);
    ph_buf_close(&pem);
    return key;
}

/* Change one character in the middle of a part of the token to another of
 * the base64url alphabet. */
static void
tamper(struct ph_buf *token, const char *part)
{
    uint8_t *first = memchr(token->data, '.', token->len);
    uint8_t *second =
        memchr(first + 1, '.', token->len - (size_t)(first + 1 - token->data));
    uint8_t *end = token->data + token->len;
    uint8_t *at = strcmp(part, "payload") == 0
                      ? first + 1 + (second - first - 1) / 2
                      : second + 1 + (end - second - 1) / 2;

    *at = *at == 'A' ? 'B' : 'A';
}

static void
sign(struct order *order, const struct ph_jws_key *key, struct ph_buf *token)
{
    struct ph_buf header, claims;

    ph_buf_init(&header, PH_JWS_MAX);
    ph_buf_init(&claims, PH_JWS_MAX);
    if (ph_json_put(order->header, &header) != PH_OK ||
        ph_json_put(order->claims, &claims) != PH_OK ||
        ph_jws_sign(key, ph_buf_str(&header), ph_buf_str(&claims), token) !=
            PH_OK)
        die("cannot sign", NULL);
    ph_buf_close(&header);
    ph_buf_close(&claims);
    if (order->tamper != NULL)
        tamper(token, order->tamper);
    if (ph_buf_put_u8(token, '\n') != PH_OK)
        die("out of memory", NULL);
}

static void
write_token(const char *path, const struct ph_buf *token)
{
    int fd = STDOUT_FILENO;

    if (path != NULL)
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ph_io_write_full(fd, token->data, token->len) != PH_OK)
        die("cannot write", path);
    if (path != NULL && close(fd) != 0)
        die("cannot write", path);
}

static void
read_options(struct order *order, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            (void)fputs(usage_text, stdout);
            exit(0);
        }
        if (option == '?')
            exit(2);
        take_option(order, option, optarg);
    }
    if (optind != argc)
        die("not an option", argv[optind]);
    if (order->key_path == NULL)
        die("--key is missing", NULL);
}

int
main(int argc, char **argv)
{
    struct order order = {0};
    struct ph_jws_key *key = NULL;
    char kid[PH_JWS_KID_MAX];
    struct ph_buf token;
    int option;

    order.header = json_object();
    order.claims = json_object();
    set_defaults(&order);
    read_options(&order, argc, argv);
    set_times(&order);
    key = load_key(order.key_path);
    if (ph_jws_key_kid(key, kid) != PH_OK)
        die("no key id", order.key_path);
    set_text(order.header, "kid", kid);

    optind = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        spoil(&order, option, optarg);

    ph_buf_init(&token, 4 * PH_JWS_MAX);
    sign(&order, key, &token);
    write_token(order.output, &token);
    ph_buf_close(&token);
    ph_jws_key_free(key);
    json_decref(order.header);
    json_decref(order.claims);
    return 0;
}
