#include "enrol_command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "print.h"
#include "reports.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/secret_file.h"
#include "printhold/base/typed.h"
#include "printhold/base/wipe.h"
#include "printhold/net/enrol.h"

#define PRODUCT "printhold-station"

static int
tell(int err, const struct ph_why *why)
{
    (void)fprintf(stderr, PRODUCT ": %s\n",
                  why->text[0] != '\0' ? why->text : ph_err_text(err));
    return err;
}

static int
show(const struct ph_options *options, const struct ph_enrolled *enrolled)
{
    const struct ph_identity *identity = &enrolled->identity;
    char not_after[PH_TIME_TEXT], renew_after[PH_TIME_TEXT];

    ph_clock_format(identity->not_after_ms, not_after);
    ph_clock_format(enrolled->renew_after_ms, renew_after);
    if (options->json)
        return ph_print_members_json(
            json_pack("{ss ss ss ss ss}", "id", identity->id, "tenant",
                      identity->tenant, "not-after", not_after, "renew-after",
                      renew_after, "hub", enrolled->hub));
    (void)printf("%s of %s, until %s\n", identity->id, identity->tenant,
                 not_after);
    return PH_OK;
}

/* --- enrol --- */

static int
read_token(const char *path, char token[PH_ENROLMENT_TOKEN_MAX],
           struct ph_why *why)
{
    struct ph_buf secret;
    int err;

    if (strcmp(path, "-") == 0)
        return ph_typed_read(NULL, "Token: ", token, PH_ENROLMENT_TOKEN_MAX,
                             why);
    err = ph_secret_read(path, &secret, why);
    if (err != PH_OK)
        return err;
    if (secret.len < PH_ENROLMENT_TOKEN_MAX) {
        memcpy(token, secret.data, secret.len);
        token[secret.len] = '\0';
    } else {
        err = ph_why_fail(why, PH_ERR_INVALID, "%s has no token", path);
    }
    ph_buf_close(&secret);
    return err;
}

/* Our own directory, for nobody else; what is above it must be there. */
static int
make_state(const char *path, struct ph_why *why)
{
    int fd = -1;
    int err = ph_io_open_dir(path, true, 0700, &fd, why);

    ph_io_close(&fd);
    return err;
}

static int
enrol(const struct ph_options *options, struct ph_enrolled *enrolled,
      struct ph_why *why)
{
    char token[PH_ENROLMENT_TOKEN_MAX] = "", name[PH_ENROLMENT_NAME_MAX] = "";
    struct ph_enrol_order order = {.dir = options->state,
                                   .product = PRODUCT,
                                   .kind = PH_IDENTITY_PRINTER,
                                   .server = options->server,
                                   .token = token,
                                   .pin = options->pin,
                                   .name = name};
    struct ph_buf ca;
    int err = read_token(options->token_file, token, why);

    ph_buf_init(&ca, 0);
    (void)gethostname(name, sizeof(name) - 1);
    if (err == PH_OK && options->https.ca_file != NULL) {
        err = ph_io_read_file(AT_FDCWD, options->https.ca_file,
                              PH_ENROLMENT_PEM_MAX, &ca);
        if (err != PH_OK)
            (void)ph_why_fail(why, err, "cannot read %s: %s",
                              options->https.ca_file, ph_err_text(err));
        else
            order.ca_pem = ph_buf_str(&ca);
    }
    if (err == PH_OK)
        err = make_state(options->state, why);
    if (err == PH_OK)
        err = ph_enrol(&order, enrolled, why);
    ph_wipe(token, sizeof(token));
    ph_buf_close(&ca);
    return err;
}

/* A token that is refused is a refusal, whatever else that code stands for. */
static int
as_refusal(int err)
{
    return err == PH_ERR_EXISTS ? PH_ERR_DENIED : err;
}

int
ph_enrol_command(const struct ph_options *options)
{
    struct ph_enrolled enrolled;
    struct ph_why why = {""};
    int err = enrol(options, &enrolled, &why);

    return err == PH_OK ? show(options, &enrolled)
                        : tell(as_refusal(err), &why);
}

/* --- renew --- */

static int
renew(const struct ph_options *options, struct ph_enrolled *enrolled,
      struct ph_why *why)
{
    struct ph_enrolled renewed;
    uint64_t wait_s;
    int err = ph_enrol_renew(options->state, PRODUCT, NULL, NULL, &renewed,
                             &wait_s, why);

    if (err == PH_OK)
        *enrolled = renewed;
    return err;
}

/* Another program that renews it just now is as good. */
static int
renew_if_due(const struct ph_options *options, struct ph_enrolled *enrolled,
             struct ph_why *why)
{
    int err = PH_OK;

    if (ph_clock_wall_ms() >= enrolled->renew_after_ms)
        err = renew(options, enrolled, why);
    return err == PH_ERR_BUSY ? PH_OK : err;
}

static int
look(const struct ph_options *options, struct ph_enrolled *enrolled,
     struct ph_why *why)
{
    int err = ph_enrolled_settle(options->state, why);

    return err == PH_OK ? ph_enrolled_look(options->state, enrolled, why) : err;
}

/* What earlier calls have left to be told; the hub is asked for nothing else. */
static void
tell_reports(const struct ph_options *options,
             const struct ph_enrolled *enrolled)
{
    struct ph_https_options https = options->https;
    struct ph_https *hub = NULL;
    struct ph_why why = {""};
    int err;

    https.is_hub = true;
    https.cert_file = enrolled->cert_file;
    https.key_file = enrolled->key_file;
    https.ca_file = enrolled->ca_file;
    https.address = enrolled->hub;
    err = ph_https_open(&https, &hub, &why);
    if (err == PH_OK)
        (void)ph_reports_send(options->state, hub, 1);
    else
        (void)tell(err, &why);
    ph_https_close(hub);
}

/* What a timer calls every day. */
static int
keep_up(const struct ph_options *options, struct ph_enrolled *enrolled,
        struct ph_why *why)
{
    int err = look(options, enrolled, why);

    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "this printer is not enrolled (%s); run "
                           "printhold-station enrol",
                           options->state);
    if (err == PH_OK)
        err = renew_if_due(options, enrolled, why);
    if (err == PH_OK)
        tell_reports(options, enrolled);
    return err;
}

int
ph_renew_command(const struct ph_options *options)
{
    struct ph_enrolled enrolled;
    struct ph_why why = {""};
    int err = options->if_due ? keep_up(options, &enrolled, &why)
                              : renew(options, &enrolled, &why);

    return err == PH_OK ? show(options, &enrolled) : tell(err, &why);
}

/* --- use --- */

static void
renew_or_tell(const struct ph_options *options, struct ph_enrolled *enrolled)
{
    struct ph_why why = {""};

    if (renew_if_due(options, enrolled, &why) != PH_OK)
        (void)fprintf(stderr,
                      PRODUCT ": the certificate of this printer should be "
                              "renewed, and is not: %s; continuing\n",
                      why.text);
}

int
ph_enrol_use(struct ph_options *options, struct ph_enrolled *storage,
             struct ph_why *why)
{
    int err;

    if (ph_options_is_at_hub(options))
        options->https.is_hub = true;
    if (ph_options_have_files(options))
        return PH_OK;
    err = look(options, storage, why);
    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "this printer is not enrolled (%s); run "
                           "printhold-station enrol, or give --cert, --key and "
                           "--ca",
                           options->state);
    if (err != PH_OK)
        return err;
    renew_or_tell(options, storage);
    options->https.cert_file = storage->cert_file;
    options->https.key_file = storage->key_file;
    options->https.ca_file = storage->ca_file;
    if (options->https.address == NULL)
        options->https.address = storage->hub;
    return PH_OK;
}
