/* SR-31: what an encrypted credential says about its own protection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "credential_header.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

/* Sizes and a nonce, as systemd 252 wrote them behind the kind. */
#define REST "IAAAAAEAAAAMAAAAEAAAABSdkjd/g/OPme/uuwAAAACed"

static const struct {
    const char *text;
    const char *name;
    bool host, tpm2;
} good[] = {
    {"Whxqht+dQJax1aZeCGLxmi" REST, "host", true, false},
    {"DHzAexF2RZGcSwvqCLwg/i" REST, "tpm2", false, true},
    {"+vfrk0HjQSyhpDb5Wik2Ly" REST, "tpm2-with-public-key", false, true},
    {"k6iUCUh0RJCQyvL8k8q1Uy" REST, "host+tpm2", true, true},
    {"r0lQqEkTTrGnOEYwT/MMBS" REST, "host+tpm2-with-public-key", true, true},
    {"BYRp2vb1QySABUnaD46i+y" REST, "null", false, false},
    {"Whxqht+d\nQJax1aZe\r\nCGLxmi" REST, "host", true, false},
};

static const struct {
    const char *what;
    const char *text;
    int err;
} bad[] = {
    {"empty", "", PH_ERR_SYNTAX},
    {"only the kind", "Whxqht+dQJax1aZeCGLxmg==", PH_ERR_SYNTAX},
    {"line ends",
     "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
     "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
     PH_ERR_SYNTAX},
    {"a blank in it", "Whxqht+d QJax1aZeCGLxmi" REST, PH_ERR_SYNTAX},
    {"base64url", "Whxqht-dQJax1aZeCGLxmi" REST, PH_ERR_SYNTAX},
    {"padding in it", "Whxqht+dQJax1aZe==CGLxmi" REST, PH_ERR_SYNTAX},
    {"hexadecimal", "5a1c6a86df9d4096b1d5a65e0862f19a200000000100", 0},
    {"for one user's services", "VbntHThZTUOoMZ0uuzMqxi" REST, 0},
    {"one bit off", "Whxqht+dQJax1aZeCGLxmy" REST, 0},
    {"nothing but zeros", "AAAAAAAAAAAAAAAAAAAAAA" REST, 0},
};

static void
each_kind_is_known_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(good); i++) {
        struct ph_credential_kind kind = {.name = ""};
        int err = ph_credential_header_parse(good[i].text, strlen(good[i].text),
                                             &kind);

        if (err != PH_OK || strcmp(kind.name, good[i].name) != 0)
            fail_msg("%s: %d, %s", good[i].name, err, kind.name);
        assert_int_equal(kind.host, good[i].host);
        assert_int_equal(kind.tpm2, good[i].tpm2);
    }
}

static void
what_is_no_known_credential_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        struct ph_credential_kind kind = {.name = "untouched"};
        int want = bad[i].err != 0 ? bad[i].err : PH_ERR_UNSUPPORTED;
        int err =
            ph_credential_header_parse(bad[i].text, strlen(bad[i].text), &kind);

        if (err != want)
            fail_msg("%s: %d", bad[i].what, err);
        assert_string_equal(kind.name, "untouched");
    }
}

static void
a_cut_credential_is_refused_at_every_length(void **state)
{
    struct ph_credential_kind kind;
    const char *text = good[0].text;

    (void)state;
    for (size_t len = 0; len < 44; len++)
        assert_int_equal(ph_credential_header_parse(text, len, &kind),
                         PH_ERR_SYNTAX);
    assert_int_equal(ph_credential_header_parse(text, 44, &kind), PH_OK);
    assert_int_equal(ph_credential_header_parse("Whxq\0ht+d", 9, &kind),
                     PH_ERR_SYNTAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_known_by_its_name),
        cmocka_unit_test(what_is_no_known_credential_is_refused),
        cmocka_unit_test(a_cut_credential_is_refused_at_every_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
