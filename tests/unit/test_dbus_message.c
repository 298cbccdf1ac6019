/* D-Bus messages: ours as the specification has them, others' and bad ones. */
#include "dbus_message_linux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

/* PrepareForSleep(true) as dbus-daemon sends it. */
static const uint8_t signal_bytes[] =
    "l\4\1\1\4\0\0\0\7\0\0\0\165\0\0\0"
    "\1\1o\0\27\0\0\0/org/freedesktop/login1\0"
    "\2\1s\0\36\0\0\0org.freedesktop.login1.Manager\0\0"
    "\3\1s\0\17\0\0\0PrepareForSleep\0"
    "\10\1g\0\1b\0\0"
    "\7\1s\0\4\0\0\0:1.5\0\0\0\0"
    "\1\0\0\0";

#define SIGNAL_LEN (sizeof(signal_bytes) - 1)

static void
a_signal_of_the_bus_is_read(void **state)
{
    struct ph_dbus_message message;
    struct ph_dbus_place place = {0};
    bool value = false;
    char text[8];
    size_t len = 0;

    (void)state;
    assert_int_equal(ph_dbus_message_len(signal_bytes, SIGNAL_LEN, &len),
                     PH_OK);
    assert_int_equal(len, SIGNAL_LEN);
    assert_int_equal(ph_dbus_message_parse(signal_bytes, SIGNAL_LEN, &message),
                     PH_OK);
    assert_int_equal(message.type, PH_DBUS_SIGNAL);
    assert_int_equal(message.serial, 7);
    assert_string_equal(message.path, "/org/freedesktop/login1");
    assert_string_equal(message.interface, "org.freedesktop.login1.Manager");
    assert_string_equal(message.member, "PrepareForSleep");
    assert_string_equal(message.sender, ":1.5");
    assert_string_equal(message.signature, "b");
    assert_int_equal(ph_dbus_take_text(&message, &place, text, sizeof(text)),
                     PH_ERR_SYNTAX); /* is not what comes */
    assert_int_equal(ph_dbus_take_bool(&message, &place, &value), PH_OK);
    assert_true(value);
    assert_int_equal(ph_dbus_take_bool(&message, &place, &value),
                     PH_ERR_SYNTAX); /* there is no second */
}

static void
what_is_cut_off_is_not_read(void **state)
{
    struct ph_dbus_message message;
    size_t whole = 0;

    (void)state;
    for (size_t len = 0; len < SIGNAL_LEN; len++) {
        assert_int_equal(ph_dbus_message_len(signal_bytes, len, &whole),
                         len < 16 ? PH_ERR_AGAIN : PH_OK);
        assert_int_equal(ph_dbus_message_parse(signal_bytes, len, &message),
                         PH_ERR_SYNTAX);
    }
}

static void
bad_messages_are_refused(void **state)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t value;
        int err;
    } cases[] = {
        {"a byte order that there is not", 0, 'x', PH_ERR_SYNTAX},
        {"another protocol", 3, 2, PH_ERR_SYNTAX},
        {"no type", 1, 0, PH_ERR_UNSUPPORTED},
        {"a type of tomorrow", 1, 5, PH_ERR_UNSUPPORTED},
        {"a body longer than what came", 4, 8, PH_ERR_SYNTAX},
        {"fields longer than what came", 12, 200, PH_ERR_SYNTAX},
        {"fields that end in the middle of one", 12, 114, PH_ERR_SYNTAX},
        {"a huge body", 6, 1, PH_ERR_SYNTAX},
        {"a path of type s", 18, 's', PH_ERR_SYNTAX},
        {"padding that is a field", 12, 120, PH_ERR_SYNTAX},
        {"a type nobody knows", 18, 'z', PH_ERR_SYNTAX},
        {"a signature without end", 19, 1, PH_ERR_SYNTAX},
        {"text longer than the fields", 23, 1, PH_ERR_SYNTAX},
        {"text longer than it is", 20, 24, PH_ERR_SYNTAX},
        {"text shorter than it is", 20, 22, PH_ERR_SYNTAX},
        {"NUL in text", 30, 0, PH_ERR_SYNTAX},
        {"no UTF-8", 30, 0xff, PH_ERR_SYNTAX},
    };
    struct ph_dbus_message message;
    uint8_t bad[SIGNAL_LEN];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        memcpy(bad, signal_bytes, sizeof(bad));
        bad[cases[i].at] = cases[i].value;
        if (ph_dbus_message_parse(bad, sizeof(bad), &message) != cases[i].err)
            fail_msg("%s", cases[i].what);
    }
}

static void
a_boolean_is_0_or_1(void **state)
{
    struct ph_dbus_message message;
    struct ph_dbus_place place = {0};
    uint8_t bad[SIGNAL_LEN];
    bool value;

    (void)state;
    memcpy(bad, signal_bytes, sizeof(bad));
    bad[SIGNAL_LEN - 4] = 2;
    assert_int_equal(ph_dbus_message_parse(bad, sizeof(bad), &message), PH_OK);
    assert_int_equal(ph_dbus_take_bool(&message, &place, &value),
                     PH_ERR_SYNTAX);
}

static void
a_huge_message_is_refused_by_its_head(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{7, 0xff}, {15, 0xff}, {5, 0x41}, {13, 0x41}};
    uint8_t bad[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        memcpy(bad, signal_bytes, sizeof(bad));
        bad[cases[i].at] = cases[i].value;
        assert_int_equal(ph_dbus_message_len(bad, sizeof(bad), &len),
                         PH_ERR_TOO_BIG);
    }
}

static const struct ph_dbus_call call = {
    .destination = "org.freedesktop.login1",
    .path = "/org/freedesktop/login1",
    .interface = "org.freedesktop.login1.Manager",
    .member = "Inhibit",
    .args = {"sleep", "PrintHold", "why", "delay"},
    .arg_count = 4};

static void
a_call_of_ours_is_a_message(void **state)
{
    struct ph_dbus_message message;
    struct ph_dbus_place place = {0};
    struct ph_buf buf;
    char text[16];

    (void)state;
    ph_buf_init(&buf, PH_DBUS_MESSAGE_MAX);
    assert_int_equal(ph_buf_put_str(&buf, "abc"), PH_OK); /* before it */
    assert_int_equal(ph_dbus_put_call(&buf, 0x01020304, &call), PH_OK);
    ph_buf_consume(&buf, 3);
    assert_int_equal(ph_dbus_message_parse(buf.data, buf.len, &message), PH_OK);
    assert_int_equal(message.type, PH_DBUS_CALL);
    assert_int_equal(message.serial, 0x01020304);
    assert_string_equal(message.member, "Inhibit");
    assert_string_equal(message.signature, "ssss");
    for (size_t i = 0; i < call.arg_count; i++) {
        assert_int_equal(
            ph_dbus_take_text(&message, &place, text, sizeof(text)), PH_OK);
        assert_string_equal(text, call.args[i]);
    }
    assert_int_equal(place.at, message.body_len);
    place = (struct ph_dbus_place){0};
    assert_int_equal(ph_dbus_take_text(&message, &place, text, 5),
                     PH_ERR_TOO_BIG);
    ph_buf_close(&buf);
}

static void
text_that_is_too_long_is_not_sent(void **state)
{
    struct ph_dbus_call bad = call;
    char text[2000];
    struct ph_buf buf;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    bad.args[0] = text;
    ph_buf_init(&buf, PH_DBUS_MESSAGE_MAX);
    assert_int_equal(ph_dbus_put_call(&buf, 1, &bad), PH_ERR_INVALID);
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_of_the_bus_is_read),
        cmocka_unit_test(what_is_cut_off_is_not_read),
        cmocka_unit_test(bad_messages_are_refused),
        cmocka_unit_test(a_boolean_is_0_or_1),
        cmocka_unit_test(a_huge_message_is_refused_by_its_head),
        cmocka_unit_test(a_call_of_ours_is_a_message),
        cmocka_unit_test(text_that_is_too_long_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
