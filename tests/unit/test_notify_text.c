/* Unit tests of cli/notify/text: which change becomes which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "text.h"

#define UNTIL_MS INT64_C(1763839800000) /* 2025-11-22 19:30 UTC */

static const struct {
    const char *name;
    struct ph_control_change change;
    unsigned count;
    bool is_one_printer;
    enum ph_notice_kind kind;
    const char *summary;
    const char *body;
} cases[] = {
    {"held",
     {.kind = PH_CHANGE_HELD, .until_ms = UNTIL_MS, .title = "Q3 report"},
     1,
     true,
     PH_NOTICE_HELD,
     "Held, not printed yet",
     "\"Q3 report\"\nRelease it at any printer. Kept until 2025-11-22 19:30."},
    {"held, title hidden",
     {.kind = PH_CHANGE_HELD, .until_ms = UNTIL_MS},
     1,
     true,
     PH_NOTICE_HELD,
     "Held, not printed yet",
     "Release it at any printer. Kept until 2025-11-22 19:30."},
    {"many held: no title of one of them",
     {.kind = PH_CHANGE_HELD, .until_ms = UNTIL_MS, .title = "Q3 report"},
     50,
     true,
     PH_NOTICE_HELD,
     "50 jobs held, not printed yet",
     "Release them at any printer. The first is kept until 2025-11-22 19:30."},
    {"unmapped",
     {.kind = PH_CHANGE_HELD, .reason = "unmapped"},
     1,
     true,
     PH_NOTICE_UNMAPPED,
     "Held, but no printer can get it",
     "Your account has no login of the organisation; an administrator must "
     "set owner.domain or name it in owner.map_file."},
    {"printed",
     {.kind = PH_CHANGE_PRINTED, .printer = "pr-lobby", .title = "Q3"},
     1,
     true,
     PH_NOTICE_PRINTED,
     "Printed",
     "\"Q3\"\nReleased at printer pr-lobby."},
    {"printed and kept",
     {.kind = PH_CHANGE_PRINTED, .printer = "pr-lobby", .reason = "kept"},
     1,
     true,
     PH_NOTICE_PRINTED,
     "Printed",
     "Released at printer pr-lobby. It stays held, as you wished."},
    {"many printed at one printer",
     {.kind = PH_CHANGE_PRINTED, .printer = "pr-lobby"},
     3,
     true,
     PH_NOTICE_PRINTED,
     "3 jobs printed",
     "Released at printer pr-lobby."},
    {"many printed here and there",
     {.kind = PH_CHANGE_PRINTED, .printer = "pr-lobby"},
     3,
     false,
     PH_NOTICE_PRINTED,
     "3 jobs printed",
     "Released at printers."},
    {"not printed",
     {.kind = PH_CHANGE_NOT_PRINTED, .printer = "pr-1", .reason = "failed"},
     1,
     true,
     PH_NOTICE_NOT_PRINTED,
     "Not printed",
     "Printer pr-1 had a problem. It is held still; release it again."},
    {"printed in part",
     {.kind = PH_CHANGE_NOT_PRINTED, .printer = "pr-1", .reason = "partly"},
     1,
     true,
     PH_NOTICE_NOT_PRINTED,
     "Printed in part only",
     "Printer pr-1 had a problem. It is held still; release it again."},
    {"deleted by the administrator",
     {.kind = PH_CHANGE_DELETED, .reason = "by-administrator"},
     1,
     true,
     PH_NOTICE_DELETED,
     "Deleted unprinted",
     "An administrator deleted it."},
    {"many deleted by a command",
     {.kind = PH_CHANGE_DELETED, .reason = "by-command"},
     2,
     true,
     PH_NOTICE_DELETED,
     "2 jobs deleted unprinted",
     "Your organisation deleted them."},
    {"expired",
     {.kind = PH_CHANGE_EXPIRED, .reason = "retention", .title = "Q3"},
     1,
     true,
     PH_NOTICE_EXPIRED,
     "Expired",
     "\"Q3\"\nNobody released it in time, so it was deleted."},
    {"damaged",
     {.kind = PH_CHANGE_FAILED, .reason = "its file is gone"},
     1,
     true,
     PH_NOTICE_FAILED,
     "A held job is lost",
     "Its document is damaged: its file is gone. Print it again."},
    {"no room",
     {.kind = PH_CHANGE_REFUSED,
      .reason = "waits",
      .text = "You hold too many jobs"},
     1,
     true,
     PH_NOTICE_REFUSED,
     "Could not be held",
     "You hold too many jobs. It waits in the print queue."},
    {"too large",
     {.kind = PH_CHANGE_REFUSED, .reason = "cancelled", .text = "It is big."},
     1,
     true,
     PH_NOTICE_REFUSED,
     "Could not be held",
     "It is big. It was cancelled."},
    {"a title of two lines that turns around",
     {.kind = PH_CHANGE_PRINTED,
      .printer = "p",
      .title = "a\nb\xe2\x80\xae"
               "c"},
     1,
     true,
     PH_NOTICE_PRINTED,
     "Printed",
     "\"a b c\"\nReleased at printer p."},
};

static void
each_change_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const struct ph_notice_facts facts = {
            .kind = ph_notice_kind_of(&cases[i].change),
            .count = cases[i].count,
            .until_ms = cases[i].change.until_ms,
            .is_one_printer = cases[i].is_one_printer,
            .last = cases[i].change};
        struct ph_notice notice;

        ph_notice_text(&facts, &notice);
        if (facts.kind != cases[i].kind || notice.kind != cases[i].kind ||
            strcmp(notice.summary, cases[i].summary) != 0 ||
            strcmp(notice.body, cases[i].body) != 0)
            fail_msg("%s: %d '%s' '%s'", cases[i].name, (int)facts.kind,
                     notice.summary, notice.body);
    }
}

static void
nobody_is_told_what_they_did_or_need_not_know(void **state)
{
    static const struct ph_control_change quiet[] = {
        {.kind = PH_CHANGE_OTHER},
        {.kind = PH_CHANGE_BEGUN},
        {.kind = PH_CHANGE_CLOUD, .reason = "connecting"},
        {.kind = PH_CHANGE_DELETED, .reason = "by-user"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(quiet); i++)
        assert_int_equal(ph_notice_kind_of(&quiet[i]), PH_NOTICE_NONE);
}

static void
a_long_title_is_cut_between_characters(void **state)
{
    struct ph_notice_facts facts = {
        .kind = PH_NOTICE_PRINTED,
        .count = 1,
        .is_one_printer = true,
        .last = {.kind = PH_CHANGE_PRINTED, .printer = "p"}};
    struct ph_notice notice;

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(facts.last.title); i += 2)
        memcpy(facts.last.title + i, "\xc3\xa9", 3);
    ph_notice_text(&facts, &notice);
    assert_non_null(strstr(notice.body, "\xc3\xa9...\"\n"));
    assert_true(strlen(notice.body) < 150);
}

static void
markup_in_a_body_is_text(void **state)
{
    static const struct {
        const char *text;
        size_t cap;
        const char *escaped;
    } escapes[] = {
        {"a <b>bold</b> & \"quoted\"", 128,
         "a &lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot;"},
        {"<img src=\"file:///etc/passwd\"/>", 128,
         "&lt;img src=&quot;file:///etc/passwd&quot;/&gt;"},
        {"&amp;", 128, "&amp;amp;"},
        {"\xc3\xa9\n", 128, "\xc3\xa9\n"},
        {"ab<c", 6, "ab"},
        {"ab<c", 7, "ab&lt;"},
        {"", 1, ""},
    };
    char escaped[128];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(escapes); i++) {
        memset(escaped, 'x', sizeof(escaped));
        ph_notice_escape(escapes[i].text, escaped, escapes[i].cap);
        if (strcmp(escaped, escapes[i].escaped) != 0)
            fail_msg("%s: %s", escapes[i].text, escaped);
    }
}

static void
no_title_ends_a_string_of_applescript(void **state)
{
    struct ph_notice notice = {
        .summary = "Held \\",
        .body = "\"x\"\" & (do shell script \"id\")\n\\\" & beep"};
    char script[512];

    (void)state;
    assert_int_equal(ph_notice_applescript(&notice, script, sizeof(script)),
                     PH_OK);
    assert_string_equal(script,
                        "display notification \"\\\"x\\\"\\\" & (do shell "
                        "script \\\"id\\\") \\\\\\\" & beep\" with title "
                        "\"Held \\\\\"\n");
    for (size_t cap = 1; cap <= strlen(script); cap++) {
        char *small = malloc(cap); /* for the sanitizer to watch its end */

        assert_non_null(small);
        assert_int_equal(ph_notice_applescript(&notice, small, cap),
                         PH_ERR_TOO_BIG);
        free(small);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_has_its_words),
        cmocka_unit_test(nobody_is_told_what_they_did_or_need_not_know),
        cmocka_unit_test(a_long_title_is_cut_between_characters),
        cmocka_unit_test(markup_in_a_body_is_text),
        cmocka_unit_test(no_title_ends_a_string_of_applescript),
    };

    (void)setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
