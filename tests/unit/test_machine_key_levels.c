/*
 * SR-31, SR-93: the levels of the machine key beside "file", as the service
 * meets them: a credential that systemd hands over and the encrypted file's
 * own word about its protection. Real systemd-creds and a real TPM emulator
 * are in tests/integration/machine_key.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/machine_key.h"
#include "scratch.h"

#define REST       "IAAAAAEAAAAMAAAAEAAAABSdkjd/g/OPme/uuwAAAACed\n"
#define BY_HOST    "Whxqht+dQJax1aZeCGLxmi" REST
#define BY_TPM2    "DHzAexF2RZGcSwvqCLwg/i" REST
#define BY_BOTH    "k6iUCUh0RJCQyvL8k8q1Uy" REST
#define BY_NULL    "BYRp2vb1QySABUnaD46i+y" REST
#define BY_UNKNOWN "AAAAAAAAAAAAAAAAAAAAAA" REST
#define CREDENTIAL "printhold.machine-key"
#define KEY        "0123456789abcdef0123456789abcdef"

static struct scratch scratch;
static char blob[512], credential[512];

static int
setup(void **state)
{
    (void)state;
    scratch_make(&scratch);
    (void)snprintf(blob, sizeof(blob), "%s/machine.cred", scratch.path);
    (void)snprintf(credential, sizeof(credential), "%s/" CREDENTIAL,
                   scratch.path);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", scratch.path, 1), 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

/* Give it these two, and look at what becomes of it. NULL: not there. */
static void
expect(const char *level, const char *blob_text, const char *key_text, int want,
       const char *says)
{
    struct ph_machine_key key = {.level = NULL};
    struct ph_why why = {""};
    int err;

    (void)unlink(blob);
    (void)unlink(credential);
    if (blob_text != NULL)
        scratch_write(blob, blob_text, strlen(blob_text));
    if (key_text != NULL)
        scratch_write(credential, key_text, strlen(key_text));
    err = ph_machine_key_load(level, blob, &key, &why);
    if (err != want)
        fail_msg("%s, %.30s, %s: %d, %s", level,
                 blob_text != NULL ? blob_text : "no file",
                 key_text != NULL ? key_text : "no credential", err, why.text);
    if (want == PH_OK) {
        assert_memory_equal(key.bytes, KEY, PH_KEY_BYTES);
        assert_string_equal(key.level, level);
        return;
    }
    assert_null(key.level);
    if (strstr(why.text, says) == NULL || strstr(why.text, blob) == NULL)
        fail_msg("%s: does not name the file and \"%s\"", why.text, says);
    /* Nothing was made instead. */
    assert_int_equal(access(blob, F_OK), blob_text != NULL ? 0 : -1);
}

static void
the_key_is_what_systemd_hands_over(void **state)
{
    (void)state;
    expect("host", BY_HOST, KEY, PH_OK, NULL);
    expect("host", BY_BOTH, KEY, PH_OK, NULL);
    expect("host", BY_TPM2, KEY, PH_OK, NULL);
    expect("tpm2", BY_TPM2, KEY, PH_OK, NULL);
    expect("tpm2", BY_BOTH, KEY, PH_OK, NULL);
}

static void
a_weaker_file_than_configured_is_refused(void **state)
{
    (void)state;
    expect("tpm2", BY_HOST, KEY, PH_ERR_DENIED, "weaker");
    expect("tpm2", BY_NULL, KEY, PH_ERR_DENIED, "weaker");
    expect("host", BY_NULL, KEY, PH_ERR_DENIED, "weaker");
    expect("host", BY_UNKNOWN, KEY, PH_ERR_UNSUPPORTED, "does not know");
    expect("tpm2", BY_UNKNOWN, KEY, PH_ERR_UNSUPPORTED, "does not know");
    /* The key itself, as level file has it. */
    expect("host", KEY, KEY, PH_ERR_INVALID, "not an encrypted credential");
    expect("tpm2", "", KEY, PH_ERR_INVALID, "not an encrypted credential");
}

static void
a_missing_file_or_credential_is_refused(void **state)
{
    static const char *const levels[] = {"host", "tpm2"};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(levels); i++) {
        expect(levels[i], NULL, KEY, PH_ERR_NOT_FOUND, "key init");
        expect(levels[i], NULL, NULL, PH_ERR_NOT_FOUND, "key init");
        expect(levels[i], BY_TPM2, NULL, PH_ERR_NOT_FOUND,
               "LoadCredentialEncrypted=" CREDENTIAL);
        expect(levels[i], BY_TPM2, "", PH_ERR_INVALID, "0 bytes");
        expect(levels[i], BY_TPM2, "-", PH_ERR_INVALID, "1 bytes");
        expect(levels[i], BY_TPM2, KEY "!", PH_ERR_INVALID, "33 bytes");
        expect(levels[i], BY_TPM2, "0123456789abcdef0123456789abcde",
               PH_ERR_INVALID, "31 bytes");
        assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
        expect(levels[i], BY_TPM2, KEY, PH_ERR_NOT_FOUND,
               "LoadCredentialEncrypted=");
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", scratch.path, 1), 0);
    }
}

static void
a_level_of_another_system_is_refused(void **state)
{
    static const char *const sources[] = {"/machine.key", "/", ""};
    struct ph_machine_key key = {.level = NULL};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(sources); i++) {
        struct ph_why why = {""};

        assert_int_equal(
            ph_machine_key_load("keychain", sources[i], &key, &why),
            PH_ERR_UNSUPPORTED);
        assert_non_null(strstr(why.text, "keychain"));
        assert_non_null(strstr(why.text, "macOS"));
        assert_int_equal(ph_machine_key_create("keychain", sources[i], &why),
                         PH_ERR_UNSUPPORTED);
        assert_int_equal(
            ph_machine_key_unlock("keychain", sources[i], &key, &why),
            PH_ERR_UNSUPPORTED);
    }
    assert_null(key.level);
}

static void
an_unfinished_rotation_is_no_start(void **state)
{
    static const char *const levels[] = {"host", "tpm2", "file"};
    struct ph_machine_key key = {.level = NULL};
    char next[520];

    (void)state;
    scratch_write(blob, BY_TPM2, strlen(BY_TPM2));
    scratch_write(credential, KEY, PH_KEY_BYTES);
    (void)snprintf(next, sizeof(next), "%s.next", blob);
    scratch_write(next, BY_TPM2, strlen(BY_TPM2));
    for (size_t i = 0; i < PH_COUNT(levels); i++) {
        struct ph_why why = {""};

        assert_int_equal(ph_machine_key_load(levels[i], blob, &key, &why),
                         PH_ERR_STATE);
        assert_non_null(strstr(why.text, next));
        assert_non_null(strstr(why.text, "key rotate"));
    }
    assert_null(key.level);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_key_is_what_systemd_hands_over),
        T(a_weaker_file_than_configured_is_refused),
        T(a_missing_file_or_credential_is_refused),
        T(a_level_of_another_system_is_refused),
        T(an_unfinished_rotation_is_no_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
