/* Unit tests of net/ws_url. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/net/ws_url.h"

struct good {
    const char *text, *host, *path;
    uint16_t port;
};

static const struct good goods[] = {
    {"wss://broker.example", "broker.example", "/mqtt", 443},
    {"wss://broker.example:8443", "broker.example", "/mqtt", 8443},
    {"wss://192.0.2.7:1/", "192.0.2.7", "/", 1},
    {"wss://b/a/b?c=d", "b", "/a/b?c=d", 443},
    {"wss://[::1]:8443/mqtt", "::1", "/mqtt", 8443},
    {"wss://[2001:db8::7]", "2001:db8::7", "/mqtt", 443},
};

static const char *const bads[] = {
    "",
    "broker.example",
    "ws://broker.example",
    "https://broker.example",
    "WSS://broker.example",
    "wss://",
    "wss:///mqtt",
    "wss://:8443",
    "wss://user@broker.example",
    "wss://broker.example:",
    "wss://broker.example:0",
    "wss://broker.example:65536",
    "wss://broker.example:+1",
    "wss://broker.example:8443x/mqtt",
    "wss://::1",
    "wss://[::1",
    "wss://[]:8443",
    "wss://[::1]8443",
    "wss://[192.0.2.7]",
    "wss://[broker.example]",
    "wss://[fe80::1%eth0]",
    "wss://bro ker",
    "wss://broker.example/a b",
    "wss://broker.example/a\r\nHost: evil",
    "wss://broker.example/#top",
    "wss://broker.example/\xc3\xa9",
    "wss://broker_example\n",
};

static void
addresses_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(goods); i++) {
        struct ph_ws_url url;

        if (ph_ws_url_parse(goods[i].text, &url, NULL) != PH_OK)
            fail_msg("refused: %s", goods[i].text);
        assert_string_equal(url.host, goods[i].host);
        assert_string_equal(url.path, goods[i].path);
        assert_int_equal(url.port, goods[i].port);
    }
}

static void
everything_else_is_refused_with_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(bads); i++) {
        struct ph_why why = {""};
        struct ph_ws_url url;

        if (ph_ws_url_parse(bads[i], &url, &why) != PH_ERR_CONFIG)
            fail_msg("accepted: %s", bads[i]);
        assert_non_null(strstr(why.text, "cloud url"));
    }
}

static void
a_name_that_would_be_cut_is_refused(void **state)
{
    char text[200];
    struct ph_ws_url url;

    (void)state;
    (void)snprintf(text, sizeof(text), "wss://%0*d", PH_WS_HOST_MAX - 1, 1);
    assert_int_equal(ph_ws_url_parse(text, &url, NULL), PH_OK);
    (void)snprintf(text, sizeof(text), "wss://%0*d", PH_WS_HOST_MAX, 1);
    assert_int_equal(ph_ws_url_parse(text, &url, NULL), PH_ERR_CONFIG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(everything_else_is_refused_with_words),
        cmocka_unit_test(a_name_that_would_be_cut_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
