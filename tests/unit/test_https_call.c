/* A request that another process makes: its two messages, and its ends. */
#include "printhold/net/https_apart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "https_call.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "scratch.h"

static const struct ph_https_options options = {
    .product = "test",
    .address = "hub.example.com:9444",
    .is_hub = true,
    .port = 9445,
    .pin = "sha256-x",
    .proxy = {"http://proxy:3128", "localhost", "/etc/proxy"},
    .timeout_s = 20,
};
static const struct ph_https_request request = {
    .method = "POST", .path = "/v1/enrol", .json = "{\"token\":\"\\u00fc\"}"};

static void
what_is_asked_arrives_as_it_was(void **state)
{
    struct ph_https_order order;
    struct ph_buf text;

    (void)state;
    ph_buf_init(&text, PH_HTTPS_CALL_MAX);
    ph_https_order_init(&order);
    assert_int_equal(ph_https_order_put(&options, &request, &text), PH_OK);
    assert_int_equal(ph_https_order_take(text.data, text.len, &order), PH_OK);
    assert_string_equal(order.product, options.product);
    assert_string_equal(order.address, options.address);
    assert_string_equal(order.pin, options.pin);
    assert_string_equal(order.ca_file, "");
    assert_string_equal(order.proxy, options.proxy.proxy);
    assert_string_equal(order.no_proxy, options.proxy.no_proxy);
    assert_string_equal(order.proxy_credentials_file,
                        options.proxy.credentials_file);
    assert_true(order.is_hub);
    assert_int_equal(order.port, 9445);
    assert_int_equal(order.timeout_s, 20);
    assert_string_equal(order.method, "POST");
    assert_string_equal(order.path, "/v1/enrol");
    assert_string_equal(ph_buf_str(&order.json), request.json);
    ph_https_order_close(&order);
    ph_buf_close(&text);
}

static void
what_came_of_it_too(void **state)
{
    struct ph_https_reply reply, back;
    struct ph_why why = {"a reason"}, heard = {""};
    struct ph_buf text;
    int their = 1;

    (void)state;
    ph_buf_init(&text, PH_HTTPS_CALL_MAX);
    ph_https_reply_init(&reply);
    ph_https_reply_init(&back);
    reply.status = 429;
    reply.headers.has_retry_after = true;
    reply.headers.retry_after_s = 17;
    assert_int_equal(ph_buf_put_str(&reply.body, "{\"a\":\"\xc3\xbc\"}"),
                     PH_OK);
    assert_int_equal(ph_https_answer_put(PH_OK, &heard, &reply, &text), PH_OK);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(
            ph_https_answer_take(text.data, text.len, &their, &heard, &back),
            PH_OK);
        assert_int_equal(their, PH_OK);
        assert_int_equal(back.status, 429);
        assert_int_equal(back.headers.retry_after_s, 17);
        assert_string_equal(ph_buf_str(&back.body), "{\"a\":\"\xc3\xbc\"}");
    }
    ph_buf_clear(&text);
    assert_int_equal(ph_https_answer_put(PH_ERR_DENIED, &why, &reply, &text),
                     PH_OK);
    assert_int_equal(
        ph_https_answer_take(text.data, text.len, &their, &heard, &back),
        PH_OK);
    assert_int_equal(their, PH_ERR_DENIED);
    assert_string_equal(heard.text, "a reason");
    ph_buf_clear(&reply.body);
    assert_int_equal(ph_buf_put_str(&reply.body, "\xff"), PH_OK);
    assert_int_equal(ph_https_answer_put(PH_OK, &why, &reply, &text),
                     PH_ERR_PROTOCOL);
    ph_https_reply_close(&reply);
    ph_https_reply_close(&back);
    ph_buf_close(&text);
}

static void
what_is_no_order_is_refused(void **state)
{
    static const char *const bads[] = {
        "",
        "[]",
        "{}",
        "{\"address\":\"h\",\"method\":\"GET\",\"port\":1,\"timeout-s\":1}",
        "{\"address\":\"h\",\"method\":\"GET\",\"path\":\"x\",\"port\":1,"
        "\"timeout-s\":1}",
        "{\"address\":\"h\",\"method\":\"GETGETGET\",\"path\":\"/\",\"port\":1,"
        "\"timeout-s\":1}",
        "{\"address\":\"h\",\"method\":\"GET\",\"path\":\"/\",\"port\":65536,"
        "\"timeout-s\":1}",
        "{\"address\":\"h\",\"method\":\"GET\",\"path\":\"/\",\"port\":1,"
        "\"timeout-s\":0}",
        "{\"address\":\"h\",\"method\":\"GET\",\"path\":\"/\",\"port\":1,"
        "\"timeout-s\":1,\"json\":7}",
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bads); i++) {
        struct ph_https_order order;

        ph_https_order_init(&order);
        assert_int_not_equal(
            ph_https_order_take(bads[i], strlen(bads[i]), &order), PH_OK);
        ph_https_order_close(&order);
    }
}

static void
what_is_no_answer_is_refused(void **state)
{
    static const char *const bads[] = {
        "",
        "{}",
        "{\"err\":0}",
        "{\"err\":1}",
        "{\"err\":-25}",
        "{\"err\":0,\"status\":99}",
        "{\"err\":0,\"status\":200,\"body\":1}",
        "{\"err\":0,\"status\":200,\"retry-after-s\":-1}",
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bads); i++) {
        struct ph_https_reply reply;
        int their = 42;

        ph_https_reply_init(&reply);
        assert_int_equal(ph_https_answer_take(bads[i], strlen(bads[i]), &their,
                                              NULL, &reply),
                         PH_ERR_PROTOCOL);
        assert_int_equal(their, 42);
        ph_https_reply_close(&reply);
    }
}

/* --- the process --- */

static int
ask(const char *program, const atomic_bool *stop, struct ph_why *why)
{
    struct ph_https_options with = options;
    struct ph_https_reply reply;
    struct ph_https *https = NULL;
    int err;

    with.stop = stop;
    with.timeout_s = 1;
    ph_https_apart_program(program);
    ph_https_reply_init(&reply);
    assert_int_equal(ph_https_open(&with, &https, why), PH_OK);
    err = ph_https_do(https, &request, &reply, why);
    ph_https_close(https);
    ph_https_reply_close(&reply);
    return err;
}

static void
a_program_that_is_missing_is_named(void **state)
{
    struct ph_why why = {""};

    (void)state;
    assert_int_equal(ask("/nonexistent/printhold-https", NULL, &why),
                     PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "/nonexistent/printhold-https"));
}

static void
make_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

static void
one_that_dies_or_talks_nonsense_is_a_failure(void **state)
{
    struct ph_why why = {""};
    struct scratch scratch;
    char path[320];

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/program", scratch.path);
    make_script(path, "#!/bin/sh\ncat >/dev/null\nkill -9 $$\n");
    assert_int_equal(ask(path, NULL, &why), PH_ERR_PROTOCOL);
    make_script(path, "#!/bin/sh\ncat >/dev/null\necho hello >&0\n");
    assert_int_equal(ask(path, NULL, &why), PH_ERR_PROTOCOL);
    make_script(path, "#!/bin/sh\ncat >/dev/null\n"
                      "printf '{\"err\":-13,\"why\":\"no\"}' >&0\n");
    assert_int_equal(ask(path, NULL, &why), PH_ERR_DENIED);
    assert_string_equal(why.text, "no");
    scratch_remove(&scratch);
}

/* Who opens may have had the names on their stack. */
static void
names_are_copied_when_it_is_opened(void **state)
{
    const struct ph_https_request asked = {.method = "POST", .path = "/v1/x"};
    char address[] = "hub.example.com:9444", heard[1024] = "";
    const struct ph_https_options with = {
        .product = "test", .address = address, .is_hub = true, .timeout_s = 20};
    struct ph_https *https = NULL;
    struct ph_https_reply reply;
    struct ph_why why = {""};
    struct scratch scratch;
    char path[320], text[800];
    FILE *file;

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/program", scratch.path);
    (void)snprintf(text, sizeof(text),
                   "#!/bin/sh\ncat >%s/heard\nprintf '{\"err\":-13}' >&0\n",
                   scratch.path);
    make_script(path, text);
    ph_https_apart_program(path);
    ph_https_reply_init(&reply);
    assert_int_equal(ph_https_open(&with, &https, &why), PH_OK);
    memset(address, '?', sizeof(address) - 1);
    assert_int_equal(ph_https_do(https, &asked, &reply, &why), PH_ERR_DENIED);
    ph_https_close(https);
    ph_https_reply_close(&reply);
    (void)snprintf(path, sizeof(path), "%s/heard", scratch.path);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(heard, 1, sizeof(heard) - 1, file) > 0);
    (void)fclose(file);
    assert_non_null(strstr(heard, "hub.example.com:9444"));
    scratch_remove(&scratch);
}

/* Whether it is that one would be looked at by nobody. */
static void
no_workstation_is_asked_so(void **state)
{
    const struct ph_https_options with = {
        .product = "test", .address = "a", .workstation_id = "ws-1"};
    struct ph_https *https = NULL;
    struct ph_why why = {""};

    (void)state;
    assert_int_equal(ph_https_open(&with, &https, &why), PH_ERR_UNSUPPORTED);
    assert_null(https);
}

static void
nobody_waits_for_one_when_all_ends(void **state)
{
    static const atomic_bool stop = true;
    struct ph_why why = {""};
    struct scratch scratch;
    char path[320];

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/program", scratch.path);
    make_script(path, "#!/bin/sh\nexec sleep 600\n");
    assert_int_equal(ask(path, &stop, &why), PH_ERR_CANCELLED);
    scratch_remove(&scratch);
}

static void
one_that_hangs_is_not_waited_for(void **state)
{
    struct ph_why why = {""};
    struct scratch scratch;
    char path[320];

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/program", scratch.path);
    make_script(path, "#!/bin/sh\nexec sleep 600\n");
    assert_int_equal(ask(path, NULL, &why), PH_ERR_CLOSED);
    assert_non_null(strstr(why.text, "hub.example.com:9444 after 3 s"));
    scratch_remove(&scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_arrives_as_it_was),
        cmocka_unit_test(what_came_of_it_too),
        cmocka_unit_test(what_is_no_order_is_refused),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(a_program_that_is_missing_is_named),
        cmocka_unit_test(one_that_dies_or_talks_nonsense_is_a_failure),
        cmocka_unit_test(names_are_copied_when_it_is_opened),
        cmocka_unit_test(no_workstation_is_asked_so),
        cmocka_unit_test(nobody_waits_for_one_when_all_ends),
        cmocka_unit_test(one_that_hangs_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
