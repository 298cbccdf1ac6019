/* Unit tests of net/proxy: its url, who does without it, what it answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/net/proxy.h"

static void
a_proxy_is_http_host_and_port_or_none(void **state)
{
    static const char *const bads[] = {
        "proxy.example:3128",    "https://proxy:3128", "http://proxy",
        "http://:3128",          "http://proxy:0",     "http://proxy:65536",
        "http://proxy:3128/x",   "http://u:p@proxy:1", "http://proxy:3128 ",
        "http://[::1:3128",      "http://pro xy:1",    "None",
        "http://proxy\r\nX:3128"};
    struct ph_proxy proxy;

    (void)state;
    assert_int_equal(ph_proxy_parse("http://proxy.example:3128", &proxy, NULL),
                     PH_OK);
    assert_string_equal(proxy.host, "proxy.example");
    assert_int_equal(proxy.port, 3128);
    assert_int_equal(ph_proxy_parse("http://[::1]:8080/", &proxy, NULL), PH_OK);
    assert_string_equal(proxy.host, "::1");
    assert_int_equal(ph_proxy_parse("none", &proxy, NULL), PH_OK);
    assert_string_equal(proxy.host, "");
    assert_int_equal(ph_proxy_parse("", &proxy, NULL), PH_OK);
    assert_string_equal(proxy.host, "");
    for (size_t i = 0; i < PH_COUNT(bads); i++) {
        struct ph_why why = {""};

        if (ph_proxy_parse(bads[i], &proxy, &why) != PH_ERR_CONFIG)
            fail_msg("accepted: %s", bads[i]);
        assert_non_null(strstr(why.text, "cloud.proxy"));
        assert_null(strstr(why.text, "u:p")); /* no password in a text */
    }
}

struct match {
    const char *list, *host;
    bool is_direct;
};

static void
the_list_says_who_does_without(void **state)
{
    static const struct match matches[] = {
        {"", "broker.example.com", false},
        {"*", "broker.example.com", true},
        {"example.com", "broker.example.com", true},
        {".example.com", "broker.example.com", true},
        {"example.com", "example.com", true},
        {"Example.COM", "broker.example.com", true},
        {"example.com", "badexample.com", false},
        {"broker.example.com", "example.com", false},
        {".", "example.com", false},
        {"a.example, b.example ,c.example", "c.example", true},
        {"localhost,127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.10", false},
        {"10.0.0.0/8", "10.255.1.2", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.129", true},
        {"192.0.2.1/32", "192.0.2.1", true},
        {"0.0.0.0/0", "192.0.2.1", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"0.0.0.0/0", "broker.example.com", false},
        {"2001:db8::/32", "2001:db8:1::7", true},
        {"2001:db8::/32", "2001:db9::7", false},
        {"2001:db8::7", "2001:db8:0:0:0:0:0:7", true},
        {"[2001:db8::7]", "2001:db8::7", true},
        {"fe80::/10", "febf::1", true},
        {"10.0.0.0/33", "10.0.0.1", false},
        {"10.0.0.0/", "10.0.0.1", false},
        {"10.0.0.0/-1", "10.0.0.1", false},
        {"10.0.0/8", "10.0.0.1", false},
        {"2", "192.0.2.2", false},
        {"[", "::1", false},
    };
    char longest[300];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(matches); i++) {
        if (ph_no_proxy_matches(matches[i].list, matches[i].host) !=
            matches[i].is_direct)
            fail_msg("wrong: \"%s\" and %s", matches[i].list, matches[i].host);
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_false(ph_no_proxy_matches(longest, "a"));
}

static int
reply(const char *text, unsigned *status)
{
    size_t head = 0;
    int err = ph_proxy_reply_parse(text, strlen(text), status, &head);

    if (err == PH_OK)
        assert_true(head > 0 && head <= strlen(text));
    return err;
}

static void
an_answer_has_a_status_and_an_end(void **state)
{
    static const char whole[] =
        "HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\nrest";
    unsigned status = 0;
    size_t head = 0;

    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 5; len++)
        assert_int_equal(ph_proxy_reply_parse(whole, len, &status, &head),
                         PH_ERR_AGAIN);
    assert_int_equal(
        ph_proxy_reply_parse(whole, sizeof(whole) - 1, &status, &head), PH_OK);
    assert_int_equal(status, 200);
    assert_int_equal(head, sizeof(whole) - 5);
    assert_int_equal(reply("HTTP/1.1 407\r\n\r\n", &status), PH_OK);
    assert_int_equal(status, 407);
}

static void
what_is_no_answer_is_refused(void **state)
{
    static const char *const bads[] = {
        "SSH-2.0-OpenSSH", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.x 200 OK",
        "HTTP/1.1  200",   "HTTP/1.1 20x",          "HTTP/1.1 2000 OK",
        "http/1.1 200 OK", "\r\nHTTP/1.1 200 OK"};
    static char longest[PH_PROXY_HEAD_MAX + 10];
    unsigned status = 0;
    size_t head;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bads); i++) {
        if (reply(bads[i], &status) != PH_ERR_PROTOCOL)
            fail_msg("accepted: %s", bads[i]);
    }
    assert_int_equal(
        ph_proxy_reply_parse("HTTP/1.1 200 \0\r\n\r\n", 18, &status, &head),
        PH_ERR_PROTOCOL);
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "HTTP/1.1 200 ", 13);
    assert_int_equal(
        ph_proxy_reply_parse(longest, PH_PROXY_HEAD_MAX - 1, &status, &head),
        PH_ERR_AGAIN);
    assert_int_equal(
        ph_proxy_reply_parse(longest, PH_PROXY_HEAD_MAX, &status, &head),
        PH_ERR_TOO_BIG);
    memcpy(longest + sizeof(longest) - 4, "\r\n\r\n", 4);
    assert_int_equal(
        ph_proxy_reply_parse(longest, sizeof(longest), &status, &head),
        PH_ERR_TOO_BIG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proxy_is_http_host_and_port_or_none),
        cmocka_unit_test(the_list_says_who_does_without),
        cmocka_unit_test(an_answer_has_a_status_and_an_end),
        cmocka_unit_test(what_is_no_answer_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
