/*
 * Files of the release service that change while it runs: certificate, key,
 * CA, keys of the issuer, denied printers. What can be used is used at once,
 * what cannot leaves things as they were, and nothing that runs is disturbed.
 */
#include "release_rig.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>

#include <openssl/pem.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/crypto/identity.h"

#define BIG         ((size_t)8 * 1024 * 1024)
#define DEADLINE_MS 5000
/* A denial counts within a second. */
#define DENIAL_MS 1000

struct files {
    struct rig *rig;
    char cert[RIG_PATH], key[RIG_PATH], ca[RIG_PATH], issuer[RIG_PATH];
    char denied[RIG_PATH];
};

/* --- files of this test alone --- */

/* As administrators should: under another name, then renamed. */
static void
replace(const char *path, const void *bytes, size_t len)
{
    char fresh[RIG_PATH + 8];

    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    scratch_write(fresh, bytes, len);
    assert_int_equal(rename(fresh, path), 0);
}

static void
replace_text(const char *path, const char *text)
{
    replace(path, text, strlen(text));
}

static void
copy(const char *name, const char *path)
{
    struct ph_buf bytes;

    assert_int_equal(ph_io_read_file(AT_FDCWD, rig_pki(name), 65536, &bytes),
                     PH_OK);
    replace(path, bytes.data, bytes.len);
    ph_buf_close(&bytes);
}

static void
take(struct files *f, char *setting, const char *name, char path[RIG_PATH])
{
    jobs_fixture_path(&f->rig->jobs, name, path, RIG_PATH);
    copy(name, path);
    (void)snprintf(setting, PH_CONFIG_TEXT_MAX, "%s", path);
}

static int
set_up(void **state)
{
    struct files *f = calloc(1, sizeof(*f));
    struct ph_config *config;

    assert_non_null(f);
    assert_int_equal(rig_set_up((void **)&f->rig), 0);
    rig_stop(f->rig);
    config = &f->rig->jobs.config;
    take(f, config->cert_file, "ws-test.crt", f->cert);
    take(f, config->cert_key_file, "ws-test.key", f->key);
    take(f, config->ca_file, "ca.crt", f->ca);
    take(f, config->issuer_key_file, "issuer.pub", f->issuer);
    jobs_fixture_path(&f->rig->jobs, "denied-printers", f->denied, RIG_PATH);
    rig_start(f->rig);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct files *f = *state;
    void *rig = f->rig;

    assert_int_equal(rig_tear_down(&rig), 0);
    free(f);
    return 0;
}

/* --- waiting --- */

/* Until the status says something with that in it; "" is nothing wrong. */
static void
await_text(struct files *f, const char *part)
{
    const int64_t end_ms = ph_clock_mono_ms() + DEADLINE_MS;
    struct ph_release_status status;

    do {
        ph_release_service_status(f->rig->service, &status);
        if (part[0] == '\0' ? status.text.text[0] == '\0'
                            : strstr(status.text.text, part) != NULL)
            return;
        (void)poll(NULL, 0, 5);
    } while (ph_clock_mono_ms() < end_ms);
    fail_msg("the status says \"%s\", not \"%s\"", status.text.text, part);
}

static void
await_denied(struct files *f, uint64_t count)
{
    const int64_t end_ms = ph_clock_mono_ms() + DENIAL_MS;
    struct ph_release_status status;

    do {
        ph_release_service_status(f->rig->service, &status);
        if (status.denied == count)
            return;
        (void)poll(NULL, 0, 5);
    } while (ph_clock_mono_ms() < end_ms);
    fail_msg("%llu are denied, not %llu", (unsigned long long)status.denied,
             (unsigned long long)count);
}

/* The thumbprint of the certificate that is shown now. */
static void
shown(struct files *f, char out_thumbprint[PH_THUMBPRINT_TEXT])
{
    struct https_client client;
    struct ph_identity identity;
    struct ph_why why = {""};
    X509 *cert;

    rig_open(f->rig, &client, "pr-2");
    cert = SSL_get1_peer_certificate(client.ssl);
    assert_non_null(cert);
    assert_int_equal(ph_identity_of_cert(cert, &identity, &why), PH_OK);
    memcpy(out_thumbprint, identity.thumbprint, PH_THUMBPRINT_TEXT);
    X509_free(cert);
    https_close(&client);
}

static bool
is_shown(struct files *f, const char *name)
{
    char thumbprint[PH_THUMBPRINT_TEXT];
    struct ph_identity identity;
    struct ph_why why = {""};

    assert_int_equal(ph_identity_of_file(rig_pki(name), &identity, &why),
                     PH_OK);
    shown(f, thumbprint);
    return strcmp(thumbprint, identity.thumbprint) == 0;
}

static void
await_shown(struct files *f, const char *name)
{
    const int64_t end_ms = ph_clock_mono_ms() + DEADLINE_MS;

    while (!is_shown(f, name)) {
        if (ph_clock_mono_ms() >= end_ms)
            fail_msg("%s is not shown", name);
    }
}

/* Is anything of HTTP answered? */
static bool
is_served(struct files *f, const char *printer)
{
    struct https_client client;
    bool served = false;

    if (https_open(&client, f->rig->port, rig_pki("ca.crt"), rig_pki(printer)))
        served = rig_status(&client, "GET", "/v1", NULL, NULL) != 0;
    https_close(&client);
    return served;
}

/* With a grant that this key has signed. */
static unsigned
sign_in_by(struct files *f, const char *signer)
{
    const struct rig_grant good = {.signer = signer};
    struct https_client client;
    struct https_reply reply;
    char *token = rig_grant(f->rig, &good);
    unsigned status;

    rig_open(f->rig, &client, "pr-1");
    rig_post_grant(&client, token, &reply);
    status = reply.status;
    free(token);
    https_reply_close(&reply);
    https_close(&client);
    return status;
}

static unsigned
sign_in(struct files *f)
{
    return sign_in_by(f, "issuer");
}

/* --- certificate, key, CA --- */

static void
a_new_certificate_is_shown_and_a_running_download_goes_on(void **state)
{
    struct files *f = *state;
    const struct ph_id id = rig_hold(f->rig, "alice", BIG);
    struct rig_printer printer;
    struct ph_buf body;
    uint8_t bytes[16384];
    size_t len;

    rig_arrive(f->rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_begin_download(&printer, &id, NULL);
    copy("ws-new.crt", f->cert);
    copy("ws-new.key", f->key);
    await_shown(f, "ws-new.crt");
    await_text(f, "");
    ph_buf_init(&body, BIG);
    while (body.len < BIG &&
           (len = https_read(&printer.client, bytes, sizeof(bytes))) > 0)
        assert_int_equal(ph_buf_put(&body, bytes, len), PH_OK);
    assert_int_equal(body.len, BIG);
    rig_check_bytes(&body, 0);
    ph_buf_close(&body);
    https_close(&printer.client);
}

static void
a_broken_file_leaves_the_old_one_in_force_and_is_named(void **state)
{
    struct files *f = *state;

    replace_text(f->cert, "not a certificate\n");
    await_text(f, f->cert);
    assert_true(is_shown(f, "ws-test.crt"));
    copy("ws-test.crt", f->cert);
    await_text(f, "");

    copy("pr-1.key", f->key); /* of another certificate */
    await_text(f, f->key);
    assert_true(is_shown(f, "ws-test.crt"));
    copy("ws-test.key", f->key);
    await_text(f, "");

    assert_int_equal(unlink(f->ca), 0);
    await_text(f, f->ca);
    assert_true(is_served(f, "pr-1"));
    assert_false(is_served(f, "pr-foreign"));
    copy("ca.crt", f->ca);
    await_text(f, "");
}

static void
a_certificate_of_another_workstation_is_not_taken(void **state)
{
    struct files *f = *state;

    copy("ws-else.crt", f->cert);
    copy("ws-else.key", f->key);
    await_text(f, "another workstation");
    assert_true(is_shown(f, "ws-test.crt"));
}

static void
another_ca_decides_for_those_who_come(void **state)
{
    struct files *f = *state;
    const int64_t end_ms = ph_clock_mono_ms() + DEADLINE_MS;

    assert_true(is_served(f, "pr-1")); /* its chain is known now */
    assert_false(is_served(f, "pr-foreign"));
    copy("foreign/ca.crt", f->ca);
    while (!is_served(f, "pr-foreign"))
        assert_true(ph_clock_mono_ms() < end_ms);
    assert_false(is_served(f, "pr-1"));
}

static void
on_renewed(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void
it_looks_at_once_when_it_is_told_to(void **state)
{
    struct files *f = *state;
    atomic_int renewed = 0;
    const int64_t end_ms = ph_clock_mono_ms() + DEADLINE_MS;

    /* Nothing has changed: only the request makes it read. */
    ph_release_service_on_renewed(f->rig->service, on_renewed, &renewed);
    ph_release_service_reload(f->rig->service);
    while (atomic_load(&renewed) == 0) {
        assert_true(ph_clock_mono_ms() < end_ms);
        (void)poll(NULL, 0, 5);
    }
    assert_true(is_shown(f, "ws-test.crt"));
    assert_int_equal(sign_in(f), 201);
}

/* --- the issuer --- */

static void
keys_of_the_issuer_are_rotated(void **state)
{
    struct files *f = *state;
    const int64_t end_ms = ph_clock_mono_ms() + DEADLINE_MS;

    assert_int_equal(sign_in(f), 201);
    copy("other-issuer.pub", f->issuer);
    while (sign_in(f) != 403)
        assert_true(ph_clock_mono_ms() < end_ms);
    replace_text(f->issuer, "no keys at all\n");
    await_text(f, f->issuer);
    assert_int_equal(sign_in(f), 403); /* those of before, not everybody */
    copy("issuer.pub", f->issuer);
    await_text(f, "");
    assert_int_equal(sign_in(f), 201);
}

/* As the hub does it: the new key is known before it signs, and the old one
 * until its last grant is over. Each is found by its kid. */
static void
two_keys_of_the_issuer_are_good_at_once(void **state)
{
    static const struct {
        const char *file[2]; /* of public keys */
        bool old, new;       /* is taken */
    } steps[] = {
        {{"issuer.pub", NULL}, true, false},
        {{"issuer.pub", "other-issuer.pub"}, true, true},
        {{"other-issuer.pub", "issuer.pub"}, true, true},
        {{"other-issuer.pub", NULL}, false, true},
    };
    struct files *f = *state;

    for (size_t i = 0; i < PH_COUNT(steps); i++) {
        const int64_t end_ms = ph_clock_mono_ms() + DEADLINE_MS;
        struct ph_buf keys;

        ph_buf_init(&keys, 65536);
        for (size_t n = 0; n < 2 && steps[i].file[n] != NULL; n++) {
            struct ph_buf one;

            assert_int_equal(ph_io_read_file(AT_FDCWD,
                                             rig_pki(steps[i].file[n]), 16384,
                                             &one),
                             PH_OK);
            assert_int_equal(ph_buf_put(&keys, one.data, one.len), PH_OK);
            ph_buf_close(&one);
        }
        replace(f->issuer, keys.data, keys.len);
        ph_buf_close(&keys);
        while ((sign_in_by(f, "issuer") == 201) != steps[i].old ||
               (sign_in_by(f, "other-issuer") == 201) != steps[i].new)
            assert_true(ph_clock_mono_ms() < end_ms);
    }
}

/* --- denied printers --- */

static void
a_denied_printer_loses_connections_and_sessions_and_the_others_do_not(
    void **state)
{
    struct files *f = *state;
    const struct ph_id id = rig_hold(f->rig, "alice", BIG);
    struct rig_printer bad, good;
    uint8_t bytes[16384];
    size_t got = 0, len;

    rig_arrive(f->rig, &good, "pr-1", "alice");
    rig_arrive(f->rig, &bad, "pr-2", "alice");
    assert_int_equal(rig_ask(&bad, "POST", &id, "/claim", NULL), 200);
    rig_begin_download(&bad, &id, NULL);
    replace_text(f->denied, "# stolen\nprinter pr-2\n");
    await_denied(f, 1);
    while ((len = https_read(&bad.client, bytes, sizeof(bytes))) > 0)
        got += len;
    assert_true(got < BIG);
    https_close(&bad.client);
    assert_false(is_served(f, "pr-2"));
    assert_int_equal(
        rig_status(&good.client, "GET", "/v1/jobs", good.line, NULL), 200);

    /* Also after a restart; and when the denial is lifted, the session of
     * before is still no good. */
    rig_stop(f->rig);
    rig_start(f->rig);
    assert_false(is_served(f, "pr-2"));
    https_close(&good.client);
    rig_arrive(f->rig, &good, "pr-1", "alice");
    replace_text(f->denied, "");
    await_denied(f, 0);
    assert_true(is_served(f, "pr-2"));
    https_close(&good.client);
}

static void
a_session_of_a_denied_printer_does_not_come_back(void **state)
{
    struct files *f = *state;
    struct rig_printer printer;

    rig_arrive(f->rig, &printer, "pr-2", "alice");
    replace_text(f->denied, "printer pr-2\n");
    await_denied(f, 1);
    replace_text(f->denied, "");
    await_denied(f, 0);
    https_close(&printer.client);
    rig_open(f->rig, &printer.client, "pr-2");
    assert_int_equal(
        rig_status(&printer.client, "GET", "/v1/jobs", printer.line, NULL),
        401);
    https_close(&printer.client);
}

static void
one_certificate_is_denied_by_its_digest(void **state)
{
    struct files *f = *state;
    unsigned char digest[32];
    unsigned len = sizeof(digest);
    char line[128];
    X509 *cert;
    FILE *file = fopen(rig_pki("pr-2.crt"), "re");

    assert_non_null(file);
    cert = PEM_read_X509(file, NULL, NULL, NULL);
    assert_non_null(cert);
    (void)fclose(file);
    assert_int_equal(X509_digest(cert, EVP_sha256(), digest, &len), 1);
    X509_free(cert);
    (void)snprintf(line, sizeof(line), "certificate ");
    for (size_t i = 0; i < len; i++)
        (void)snprintf(line + 12 + 3 * i, 5, "%02X%s", digest[i],
                       i + 1 < len ? ":" : "\n");
    replace_text(f->denied, line);
    await_denied(f, 1);
    assert_false(is_served(f, "pr-2"));
    assert_true(is_served(f, "pr-1"));
}

static void
a_list_that_is_broken_or_gone_stays_in_force(void **state)
{
    struct files *f = *state;

    replace_text(f->denied, "printer pr-2\n");
    await_denied(f, 1);
    replace_text(f->denied, "printer pr-1\nprinters all\n");
    await_text(f, "line 2");
    assert_false(is_served(f, "pr-2"));
    assert_true(is_served(f, "pr-1"));
    assert_int_equal(unlink(f->denied), 0);
    await_text(f, "is gone");
    assert_false(is_served(f, "pr-2"));
    replace_text(f->denied, "\n");
    await_text(f, "");
    assert_true(is_served(f, "pr-2"));
}

static void
it_does_not_start_with_a_list_that_cannot_be_used(void **state)
{
    struct files *f = *state;
    struct ph_config *config = &f->rig->jobs.config;
    struct ph_release_service *service = NULL;
    struct ph_why why = {""};

    rig_stop(f->rig);
    replace_text(f->denied, "nobody\n");
    assert_int_equal(
        ph_release_service_start(config, f->rig->jobs.jobs, &service, &why),
        PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "denied-printers line 1"));
    assert_int_equal(unlink(f->denied), 0);
    /* Who names a file means that there is one. */
    (void)snprintf(config->denied_printers_file, PH_CONFIG_TEXT_MAX, "%s",
                   f->denied);
    assert_int_equal(
        ph_release_service_start(config, f->rig->jobs.jobs, &service, &why),
        PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "release.denied_printers_file"));
    replace_text(f->denied, "printer pr-2\n");
    rig_start(f->rig);
    assert_false(is_served(f, "pr-2"));
}

#define TRUST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TRUST_TEST(a_new_certificate_is_shown_and_a_running_download_goes_on),
        TRUST_TEST(a_broken_file_leaves_the_old_one_in_force_and_is_named),
        TRUST_TEST(a_certificate_of_another_workstation_is_not_taken),
        TRUST_TEST(another_ca_decides_for_those_who_come),
        TRUST_TEST(it_looks_at_once_when_it_is_told_to),
        TRUST_TEST(keys_of_the_issuer_are_rotated),
        TRUST_TEST(two_keys_of_the_issuer_are_good_at_once),
        TRUST_TEST(
            a_denied_printer_loses_connections_and_sessions_and_the_others_do_not),
        TRUST_TEST(a_session_of_a_denied_printer_does_not_come_back),
        TRUST_TEST(one_certificate_is_denied_by_its_digest),
        TRUST_TEST(a_list_that_is_broken_or_gone_stays_in_force),
        TRUST_TEST(it_does_not_start_with_a_list_that_cannot_be_used),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
