#include "release_rig.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/crypto/identity.h"

extern char **environ;

static struct scratch pki;
static bool is_running; /* a test, so that the program must not end */

/* cmocka ends the program without a word when a check fails in a thread of the
 * test's own. */
static void
on_exit_of_program(void)
{
    if (is_running)
        (void)fprintf(stderr, "a check failed in a thread that the test "
                              "started; a debugger's breakpoint at exit "
                              "shows which\n");
}

static void
make(const char *const *words)
{
    const char *argv[16] = {PH_SUPPORT_DIR "/pki", words[0], pki.path};
    int status = -1;
    pid_t pid = -1;

    for (size_t i = 1; words[i] != NULL; i++)
        argv[i + 2] = words[i];
    assert_int_equal(posix_spawn(&pid, argv[0], NULL, NULL,
                                 (char *const *)(uintptr_t)argv, environ),
                     0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* "init" makes DIR/ca.crt; the foreign CA lies in a folder of its own. */
static void
make_foreign(void)
{
    char path[RIG_PATH + 16];
    const char *const from[] = {"printer", "pr-foreign", "--ca", path, NULL};
    const char *argv[] = {
        PH_SUPPORT_DIR "/pki", "init", path, "--tenant", "acme", NULL};
    int status = -1;
    pid_t pid = -1;

    (void)snprintf(path, sizeof(path), "%s/foreign", pki.path);
    assert_int_equal(posix_spawn(&pid, argv[0], NULL, NULL,
                                 (char *const *)(uintptr_t)argv, environ),
                     0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    make(from);
}

int
rig_make_pki(void **state)
{
    static const char *const commands[][10] = {
        {"init", "--tenant", "acme"},
        {"workstation", "ws-test", "--ip", "127.0.0.1"},
        {"printer", "pr-1"},
        {"printer", "pr-2"},
        {"workstation", "ws-test", "--ip", "127.0.0.1", "--name", "ws-new"},
        {"workstation", "ws-else"},
        {"printer", "pr-expired", "--expired"},
        {"printer", "pr-not-yet", "--not-yet"},
        {"printer", "pr-self", "--self"},
        {"printer", "pr-server", "--eku", "server"},
        {"printer", "pr-no-eku", "--eku", "none"},
        {"printer", "pr-no-uri", "--no-uri"},
        {"printer", "pr-two", "--uri", "urn:printhold:acme:pr:pr-9"},
        {"printer", "pr-other", "--tenant", "other"},
        {"service", "svc-1"},
        {"issuer"},
        {"issuer", "other-issuer"},
    };

    (void)state;
    /* A server that hangs up must not end the test. */
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    assert_int_equal(atexit(on_exit_of_program), 0);
    scratch_make(&pki);
    for (size_t i = 0; i < PH_COUNT(commands); i++)
        make(commands[i]);
    make_foreign();
    return 0;
}

int
rig_remove_pki(void **state)
{
    (void)state;
    scratch_remove(&pki);
    return 0;
}

const char *
rig_pki(const char *name)
{
    static char paths[4][RIG_PATH];
    static unsigned next;
    char *path = paths[next++ % PH_COUNT(paths)];

    (void)snprintf(path, RIG_PATH, "%.190s/%.60s", pki.path, name);
    return path;
}

static void
set(char *dst, const char *name)
{
    (void)snprintf(dst, PH_CONFIG_TEXT_MAX, "%s", rig_pki(name));
}

void
rig_start(struct rig *rig)
{
    struct ph_release_status status;
    struct ph_why why = {""};

    if (ph_release_service_start(&rig->jobs.config, rig->jobs.jobs,
                                 &rig->service, &why) != PH_OK)
        fail_msg("start: %s", why.text);
    ph_release_service_status(rig->service, &status);
    rig->port = status.port;
}

void
rig_stop(struct rig *rig)
{
    ph_release_service_stop(rig->service);
    rig->service = NULL;
}

int
rig_set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct ph_config *config;

    assert_non_null(rig);
    jobs_fixture_make(&rig->jobs);
    config = &rig->jobs.config;
    (void)snprintf(config->release_address, PH_CONFIG_TEXT_MAX, "127.0.0.1");
    config->release_port = 0;
    (void)snprintf(config->issuer, PH_CONFIG_TEXT_MAX, RIG_ISSUER);
    set(config->issuer_key_file, "issuer.pub");
    set(config->ca_file, "ca.crt");
    set(config->cert_file, "ws-test.crt");
    set(config->cert_key_file, "ws-test.key");
    rig_start(rig);
    is_running = true;
    *state = rig;
    return 0;
}

int
rig_tear_down(void **state)
{
    struct rig *rig = *state;

    is_running = false;
    rig_stop(rig); /* first: its thread reads the clock */
    ph_clock_set_wall(NULL);
    jobs_fixture_remove(&rig->jobs);
    free(rig);
    return 0;
}

uint8_t
rig_byte(uint64_t offset)
{
    return (uint8_t)((offset * 2654435761U) >> 13);
}

static void
write_document(struct ph_sealed_writer *writer, size_t size)
{
    uint8_t bytes[4096];

    for (size_t at = 0; at < size;) {
        size_t len = size - at < sizeof(bytes) ? size - at : sizeof(bytes);

        for (size_t i = 0; i < len; i++)
            bytes[i] = rig_byte(at + i);
        assert_int_equal(ph_sealed_writer_write(writer, bytes, len), PH_OK);
        at += len;
    }
}

static struct ph_id
hold(struct rig *rig, const char *user, size_t size, bool confidential)
{
    struct ph_capture_refuse refuse;
    struct ph_sealed_writer *writer;
    struct ph_sealed_secret secret;
    struct ph_capture_begin begin;
    struct ph_capture *capture;
    struct ph_ticket ticket;
    struct ph_id id, uuid;
    char text[PH_ID_TEXT];
    uint64_t written;
    int fd;

    assert_int_equal(ph_id_make(&uuid), PH_OK);
    ph_id_format(&uuid, text);
    jobs_fixture_begin_fill(&begin, user,
                            strcmp(user, "alice") == 0 ? 1001 : 1002, text);
    assert_int_equal(
        ph_jobs_begin(rig->jobs.jobs, &begin, &capture, &secret, &fd, &refuse),
        PH_OK);
    assert_int_equal(ph_sealed_writer_new(fd, &secret, &writer), PH_OK);
    write_document(writer, size);
    assert_int_equal(ph_sealed_writer_finish(writer, &written), PH_OK);
    ph_sealed_writer_free(writer);
    ph_io_close(&fd);
    jobs_fixture_ticket_fill(&ticket, "A title", size);
    ticket.confidential = confidential;
    ticket.impressions = 3;
    assert_int_equal(ph_jobs_commit(capture, &ticket, &id, &refuse), PH_OK);
    return id;
}

struct ph_id
rig_hold(struct rig *rig, const char *user, size_t size)
{
    return hold(rig, user, size, false);
}

struct ph_id
rig_hold_confidential(struct rig *rig, const char *user, size_t size)
{
    return hold(rig, user, size, true);
}

void
rig_open(struct rig *rig, struct https_client *client, const char *name)
{
    assert_true(
        https_open(client, rig->port, rig_pki("ca.crt"), rig_pki(name)));
}

static struct ph_jws_key *
load_issuer(const char *name)
{
    struct ph_jws_key *key = NULL;
    char path[64];
    struct ph_why why = {""};
    struct ph_buf pem;

    (void)snprintf(path, sizeof(path), "%s.key", name);
    assert_int_equal(ph_io_read_file(AT_FDCWD, rig_pki(path), 16384, &pem),
                     PH_OK);
    assert_int_equal(ph_jws_key_from_pem(pem.data, pem.len, &key, &why), PH_OK);
    ph_buf_close(&pem);
    return key;
}

/* The header with the issuer's kid in place of "KID". */
static void
put_header(const struct ph_jws_key *key, const char *text, struct ph_buf *buf)
{
    const char *at = strstr(text, "KID");
    char kid[PH_JWS_KID_MAX];

    assert_int_equal(ph_jws_key_kid(key, kid), PH_OK);
    if (at == NULL) {
        assert_int_equal(ph_buf_put_str(buf, text), PH_OK);
        return;
    }
    assert_int_equal(ph_buf_put(buf, text, (size_t)(at - text)), PH_OK);
    assert_int_equal(ph_buf_put_str(buf, kid), PH_OK);
    assert_int_equal(ph_buf_put_str(buf, at + 3), PH_OK);
}

static void
put_claims(struct rig *rig, const struct rig_grant *grant, struct ph_buf *buf)
{
    const char *printer = grant->printer != NULL ? grant->printer : "pr-1";
    int64_t now_s = ph_clock_wall_ms() / 1000 + grant->shift_s;
    int64_t life_s = grant->life_s != 0 ? grant->life_s : 120;
    struct ph_identity identity;
    struct ph_why why = {""};
    char path[64], jti[64];

    (void)snprintf(path, sizeof(path), "%s.crt", printer);
    assert_int_equal(ph_identity_of_file(rig_pki(path), &identity, &why),
                     PH_OK);
    (void)snprintf(jti, sizeof(jti), "\"jti-of-the-test-number-%06u\"",
                   rig->grants++);
    assert_int_equal(
        ph_buf_printf(
            buf,
            "{\"iss\":%s,\"aud\":%s,\"sub\":%s,\"cnf\":{\"x5t#S256\":\"%s\"},"
            "\"iat\":%lld,\"exp\":%lld,\"jti\":%s,\"amr\":%s%s}",
            grant->issuer != NULL ? grant->issuer : "\"" RIG_ISSUER "\"",
            grant->audience != NULL ? grant->audience : "\"ws-test\"",
            grant->subject != NULL ? grant->subject : "\"alice@example.com\"",
            identity.thumbprint, (long long)now_s, (long long)(now_s + life_s),
            grant->jti != NULL ? grant->jti : jti,
            grant->amr != NULL ? grant->amr : "[\"pin\"]",
            grant->more != NULL ? grant->more : ""),
        PH_OK);
}

char *
rig_grant(struct rig *rig, const struct rig_grant *grant)
{
    static const char good[] =
        "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\"}";
    struct ph_jws_key *key =
        load_issuer(grant->signer != NULL ? grant->signer : "issuer");
    struct ph_buf header, claims, token;
    char *text;

    ph_buf_init(&header, 4096);
    ph_buf_init(&claims, 65536);
    ph_buf_init(&token, 131072);
    put_header(key, grant->header != NULL ? grant->header : good, &header);
    put_claims(rig, grant, &claims);
    assert_int_equal(
        ph_jws_sign(key, ph_buf_str(&header), ph_buf_str(&claims), &token),
        PH_OK);
    text = strdup(ph_buf_str(&token));
    assert_non_null(text);
    ph_buf_close(&header);
    ph_buf_close(&claims);
    ph_buf_close(&token);
    ph_jws_key_free(key);
    return text;
}

void
rig_post_grant(struct https_client *client, const char *token,
               struct https_reply *out_reply)
{
    struct ph_buf json;

    ph_buf_init(&json, 131072);
    assert_int_equal(ph_buf_printf(&json, "{\"grant\":\"%s\"}", token), PH_OK);
    https_do(client, "POST", "/v1/sessions", NULL, ph_buf_str(&json),
             out_reply);
    ph_buf_close(&json);
}

void
rig_sign_in_by(struct rig *rig, struct https_client *client,
               const char *printer, const char *user, const char *amr,
               char line[RIG_PATH])
{
    char subject[64];
    const struct rig_grant grant = {
        .printer = printer, .subject = subject, .amr = amr};
    struct https_reply reply;
    const char *at;
    char *token;

    (void)snprintf(subject, sizeof(subject), "\"%s@example.com\"", user);
    token = rig_grant(rig, &grant);
    rig_post_grant(client, token, &reply);
    free(token);
    assert_int_equal(reply.status, 201);
    at = strstr(ph_buf_str(&reply.body), "\"session\":\"");
    assert_non_null(at);
    (void)snprintf(line, RIG_PATH, "Authorization: Bearer %.32s\r\n", at + 11);
    https_reply_close(&reply);
}

void
rig_sign_in(struct rig *rig, struct https_client *client, const char *printer,
            const char *user, char line[RIG_PATH])
{
    rig_sign_in_by(rig, client, printer, user, NULL, line);
}

const char *
rig_job_path(const struct ph_id *id, const char *rest)
{
    static _Thread_local char path[128];
    char text[PH_ID_TEXT];

    ph_id_format(id, text);
    (void)snprintf(path, sizeof(path), "/v1/jobs/%s%s", text, rest);
    return path;
}

unsigned
rig_status(struct https_client *client, const char *method, const char *path,
           const char *fields, const char *json)
{
    struct https_reply reply;
    unsigned status;

    https_do(client, method, path, fields, json, &reply);
    status = reply.status;
    https_reply_close(&reply);
    return status;
}

void
rig_arrive(struct rig *rig, struct rig_printer *printer, const char *name,
           const char *user)
{
    rig_open(rig, &printer->client, name);
    rig_sign_in(rig, &printer->client, name, user, printer->line);
}

unsigned
rig_ask(struct rig_printer *printer, const char *method, const struct ph_id *id,
        const char *rest, const char *json)
{
    return rig_status(&printer->client, method, rig_job_path(id, rest),
                      printer->line, json);
}

void
rig_check_bytes(const struct ph_buf *body, uint64_t offset)
{
    for (size_t i = 0; i < body->len; i++) {
        if (body->data[i] != rig_byte(offset + i))
            fail_msg("wrong byte at %llu", (unsigned long long)(offset + i));
    }
}

/* GET the document with further header lines. */
void
rig_get_document(struct rig_printer *printer, const struct ph_id *id,
                 const char *fields, struct https_reply *out_reply)
{
    char lines[RIG_PATH + 256];

    (void)snprintf(lines, sizeof(lines), "%s%s", printer->line, fields);
    https_do(&printer->client, "GET", rig_job_path(id, "/document"), lines,
             NULL, out_reply);
}

/* Ask for the document and take only the head of the answer. */
void
rig_begin_download(struct rig_printer *printer, const struct ph_id *id,
                   char etag[128])
{
    struct https_reply reply;
    char lines[RIG_PATH + 256];

    (void)snprintf(lines, sizeof(lines),
                   "GET %s HTTP/1.1\r\nHost: ws\r\n%s\r\n",
                   rig_job_path(id, "/document"), printer->line);
    assert_true(https_send(&printer->client, lines, strlen(lines)));
    https_receive_head(&printer->client, &reply);
    assert_int_equal(reply.status, 200);
    if (etag != NULL)
        (void)snprintf(etag, 128, "%s", https_field(&reply, "ETag"));
    https_reply_close(&reply);
}
