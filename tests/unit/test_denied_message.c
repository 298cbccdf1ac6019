/* The signed list of denied printers: what is taken, and what spoils it. */
#include "printhold/proto/denied_message.h"

#include <stdio.h>

#include "grant_fixture.h"
#include "printhold/base/attr.h"
#include "printhold/proto/token.h"

/* As long as a thumbprint, with bits at its end that say nothing. */
#define LOOSE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPR"
#define THUMB "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
#define WITH(lists)                                                      \
    "{\"iss\":\"https://hub\",\"aud\":\"urn:printhold:acme\",\"ver\":3," \
    "\"iat\":1000," lists "}"

static int
parse(const char *json, struct ph_denied_message *out_message)
{
    struct ph_why why = {""};
    int err = ph_denied_message_parse(json, strlen(json), out_message, &why);

    assert_int_equal(err == PH_OK, why.text[0] == '\0');
    return err;
}

static bool
denies(const struct ph_denied *denied, const char *id, const char *thumb)
{
    struct ph_identity peer = {.kind = PH_IDENTITY_PRINTER};

    (void)snprintf(peer.id, sizeof(peer.id), "%s", id);
    (void)snprintf(peer.thumbprint, sizeof(peer.thumbprint), "%s", thumb);
    return ph_denied_has(denied, &peer);
}

static void
a_proper_list_denies_whom_it_names(void **state)
{
    struct ph_denied_message message;
    struct ph_denied *file = NULL;
    struct ph_why why;

    (void)state;
    assert_int_equal(parse(WITH("\"printers\":[\"pr-b\",\"pr-a\"],"
                                "\"certificates\":[\"" THUMB "\"],\"x\":1"),
                           &message),
                     PH_OK);
    assert_int_equal(message.version, 3);
    assert_int_equal(ph_denied_count(message.denied), 3);
    assert_true(denies(message.denied, "pr-a", ""));
    assert_true(denies(message.denied, "pr-b", ""));
    assert_true(denies(message.denied, "pr-c", THUMB));
    assert_false(denies(message.denied, "pr-c", ""));
    /* with the file, both count */
    assert_int_equal(ph_denied_parse("f", "printer pr-f\n", 13, &file, &why),
                     PH_OK);
    assert_int_equal(ph_denied_join(&file, message.denied), PH_OK);
    assert_true(denies(file, "pr-f", ""));
    assert_true(denies(file, "pr-a", ""));
    assert_int_equal(ph_denied_join(&file, NULL), PH_OK);
    assert_int_equal(ph_denied_count(file), 4);
    ph_denied_free(file);
    assert_int_equal(
        parse(WITH("\"printers\":[],\"certificates\":[]"), &message), PH_OK);
    assert_int_equal(ph_denied_count(message.denied), 0);
    ph_denied_free(message.denied);
}

static void
one_entry_that_is_none_spoils_the_list(void **state)
{
    static const char *const cases[] = {
        "\"printers\":[\"pr-a\"]",
        "\"certificates\":[]",
        "\"printers\":\"pr-a\",\"certificates\":[]",
        "\"printers\":[\"\"],\"certificates\":[]",
        "\"printers\":[\"PR-A\"],\"certificates\":[]",
        "\"printers\":[\"pr-a\",7],\"certificates\":[]",
        "\"printers\":[\"pr a\"],\"certificates\":[]",
        "\"printers\":[\"" THUMB "\"],\"certificates\":[]",
        "\"printers\":[],\"certificates\":[\"pr-a\"]",
        "\"printers\":[],\"certificates\":[\"" THUMB "A\"]",
        "\"printers\":[],\"certificates\":[\"=" THUMB "\"]",
        "\"printers\":[],\"certificates\":[\"" LOOSE "\"]",
        "\"printers\":[],\"printers\":[],\"certificates\":[]",
        "\"ver\":4,\"printers\":[],\"certificates\":[]",
    };
    char json[512];
    struct ph_denied_message message;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        (void)snprintf(json, sizeof(json), WITH("%s"), cases[i]);
        if (parse(json, &message) != PH_ERR_INVALID)
            fail_msg("taken: %s", cases[i]);
    }
    assert_int_equal(parse("{}", &message), PH_ERR_INVALID);
    assert_int_equal(parse("[", &message), PH_ERR_INVALID);
}

static void
ten_thousand_printers_fit_and_no_more(void **state)
{
    static char id[PH_DENIED_ENTRIES_MAX + 1][16];
    static const char *names[PH_DENIED_ENTRIES_MAX + 1];
    struct grant_fixture *f = *state;
    const struct ph_message_head head = {.issuer = "https://hub.example.com",
                                         .audience = "urn:printhold:acme",
                                         .version = 1795290000,
                                         .issued_s = 1795290000};
    struct ph_denied_names list = {.printers = names,
                                   .printer_count = PH_DENIED_ENTRIES_MAX};
    struct ph_denied_message message;
    struct ph_buf token, claims;
    struct ph_why why = {""};

    for (unsigned i = 0; i <= PH_DENIED_ENTRIES_MAX; i++) {
        (void)snprintf(id[i], sizeof(id[i]), "pr-%012x", i);
        names[i] = id[i];
    }
    ph_buf_init(&token, PH_TOKEN_DENIED_MAX + 1);
    ph_buf_init(&claims, PH_TOKEN_DENIED_MAX);
    assert_int_equal(ph_denied_sign(&head, &list, f->key, &token), PH_OK);
    assert_int_equal(ph_token_open((const char *)token.data, token.len,
                                   PH_TOKEN_DENIED, "message", f->keys, &claims,
                                   &why),
                     PH_OK);
    assert_int_equal(
        ph_denied_message_parse(claims.data, claims.len, &message, &why),
        PH_OK);
    assert_true(denies(message.denied, id[9999], ""));
    assert_false(denies(message.denied, id[10000], ""));
    ph_denied_free(message.denied);
    /* as another kind it is too long, and its type is checked */
    assert_int_equal(ph_token_open((const char *)token.data, token.len,
                                   PH_TOKEN_POLICY, "message", f->keys, &claims,
                                   &why),
                     PH_ERR_TOO_BIG);
    /* both lists count together */
    list.thumbprints = (const char *const[]){THUMB};
    list.thumbprint_count = 1;
    list.printer_count = PH_DENIED_ENTRIES_MAX - 1;
    assert_int_equal(ph_denied_sign(&head, &list, f->key, &token), PH_OK);
    list.printer_count++;
    assert_int_equal(ph_denied_sign(&head, &list, f->key, &token),
                     PH_ERR_INVALID);
    list.thumbprint_count = 0;
    list.printer_count++;
    assert_int_equal(ph_denied_sign(&head, &list, f->key, &token),
                     PH_ERR_INVALID);
    assert_int_equal(token.len, 0);
    ph_buf_close(&claims);
    ph_buf_close(&token);
}

int
main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, grant_set_up, grant_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proper_list_denies_whom_it_names),
        cmocka_unit_test(one_entry_that_is_none_spoils_the_list),
        TEST(ten_thousand_printers_fit_and_no_more),
    };

    return cmocka_run_group_tests_name("denied_message", tests, NULL, NULL);
}
