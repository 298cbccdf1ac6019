#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "print.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define TITLE_SHOWN 80 /* bytes */
#define TIME_SHOWN  32

enum ph_notice_kind
ph_notice_kind_of(const struct ph_control_change *change)
{
    switch (change->kind) {
    case PH_CHANGE_HELD:
        return strcmp(change->reason, "unmapped") == 0 ? PH_NOTICE_UNMAPPED
                                                       : PH_NOTICE_HELD;
    case PH_CHANGE_PRINTED:
        return PH_NOTICE_PRINTED;
    case PH_CHANGE_NOT_PRINTED:
        return PH_NOTICE_NOT_PRINTED;
    case PH_CHANGE_DELETED:
        return strcmp(change->reason, "by-user") == 0 ? PH_NOTICE_NONE
                                                      : PH_NOTICE_DELETED;
    case PH_CHANGE_EXPIRED:
        return PH_NOTICE_EXPIRED;
    case PH_CHANGE_FAILED:
        return PH_NOTICE_FAILED;
    case PH_CHANGE_REFUSED:
        return PH_NOTICE_REFUSED;
    default:
        return PH_NOTICE_NONE;
    }
}

/* --- words --- */

static void say(struct ph_notice *notice, const char *fmt, ...) PH_PRINTF(2, 3);

/* Append to the body; what has no room is left out. */
static void
say(struct ph_notice *notice, const char *fmt, ...)
{
    const size_t len = strlen(notice->body);
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(notice->body + len, sizeof(notice->body) - len, fmt, ap);
    va_end(ap);
}

/* "Held", or "5 jobs held". */
static void
head(struct ph_notice *notice, unsigned count, const char *one,
     const char *many)
{
    if (count == 1)
        (void)snprintf(notice->summary, sizeof(notice->summary), "%s", one);
    else
        (void)snprintf(notice->summary, sizeof(notice->summary), "%u %s", count,
                       many);
}

/* A line with the title, if it is of one job and may be shown. */
static void
say_title(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    char title[TITLE_SHOWN];

    if (facts->count != 1 || facts->last.title[0] == '\0')
        return;
    ph_utf8_clean(facts->last.title, title, sizeof(title));
    say(notice, "\"%s%s\"\n", title,
        strlen(facts->last.title) >= TITLE_SHOWN ? "..." : "");
}

static void
say_until(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    char until[TIME_SHOWN];

    if (facts->until_ms == 0)
        return;
    ph_print_time(facts->until_ms, until, sizeof(until));
    say(notice,
        facts->count == 1 ? " Kept until %s." : " The first is kept until %s.",
        until);
}

static void
tell_held(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    head(notice, facts->count, "Held, not printed yet",
         "jobs held, not printed yet");
    say_title(notice, facts);
    say(notice, facts->count == 1 ? "Release it at any printer."
                                  : "Release them at any printer.");
    say_until(notice, facts);
}

static void
tell_unmapped(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    head(notice, facts->count, "Held, but no printer can get it",
         "jobs held, but no printer can get them");
    say_title(notice, facts);
    say(notice, "Your account has no login of the organisation; an "
                "administrator must set owner.domain or name it in "
                "owner.map_file.");
    say_until(notice, facts);
}

static void
tell_printed(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    head(notice, facts->count, "Printed", "jobs printed");
    say_title(notice, facts);
    if (facts->is_one_printer && facts->last.printer[0] != '\0')
        say(notice, "Released at printer %s.", facts->last.printer);
    else
        say(notice, "Released at printers.");
    if (facts->count == 1 && strcmp(facts->last.reason, "kept") == 0)
        say(notice, " It stays held, as you wished.");
    notice->is_quiet = true;
}

static void
tell_not_printed(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    const bool is_partly = strcmp(facts->last.reason, "partly") == 0;

    head(notice, facts->count,
         is_partly ? "Printed in part only" : "Not printed",
         "jobs not printed");
    say_title(notice, facts);
    if (facts->is_one_printer && facts->last.printer[0] != '\0')
        say(notice, "Printer %s had a problem. ", facts->last.printer);
    say(notice, facts->count == 1 ? "It is held still; release it again."
                                  : "They are held still; release them again.");
}

static const char *
who_deleted(const char *reason)
{
    if (strcmp(reason, "by-administrator") == 0)
        return "An administrator deleted";
    if (strcmp(reason, "by-command") == 0)
        return "Your organisation deleted";
    return "Somebody else deleted";
}

static void
tell_deleted(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    head(notice, facts->count, "Deleted unprinted", "jobs deleted unprinted");
    say_title(notice, facts);
    say(notice, "%s %s.", who_deleted(facts->last.reason),
        facts->count == 1 ? "it" : "them");
}

static void
tell_expired(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    head(notice, facts->count, "Expired", "jobs expired");
    say_title(notice, facts);
    say(notice, facts->count == 1
                    ? "Nobody released it in time, so it was deleted."
                    : "Nobody released them in time, so they were deleted.");
}

static void
tell_failed(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    head(notice, facts->count, "A held job is lost", "held jobs are lost");
    say_title(notice, facts);
    if (facts->count == 1 && facts->last.reason[0] != '\0')
        say(notice, "Its document is damaged: %s. ", facts->last.reason);
    say(notice, facts->count == 1 ? "Print it again." : "Print them again.");
}

static void
tell_refused(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    const char *text = facts->last.text;
    const size_t len = strlen(text);

    head(notice, facts->count, "Could not be held", "jobs could not be held");
    if (len > 0)
        say(notice, "%s%s ", text, text[len - 1] == '.' ? "" : ".");
    say(notice, strcmp(facts->last.reason, "waits") == 0
                    ? "It waits in the print queue."
                    : "It was cancelled.");
}

static void
tell_cloud(struct ph_notice *notice, const struct ph_notice_facts *facts)
{
    notice->is_quiet = true;
    if (facts->kind == PH_NOTICE_CLOUD_BACK) {
        head(notice, 1, "Printers see your jobs again", "");
        say(notice, "The print service of your organisation can be reached.");
        return;
    }
    head(notice, 1, "Printers may not see your newest jobs", "");
    say(notice, "The print service of your organisation has not been reached "
                "for a while. You can go on printing: jobs are held here.");
}

void
ph_notice_text(const struct ph_notice_facts *facts,
               struct ph_notice *out_notice)
{
    static void (*const tell[])(struct ph_notice *,
                                const struct ph_notice_facts *) = {
        [PH_NOTICE_HELD] = tell_held,
        [PH_NOTICE_UNMAPPED] = tell_unmapped,
        [PH_NOTICE_PRINTED] = tell_printed,
        [PH_NOTICE_NOT_PRINTED] = tell_not_printed,
        [PH_NOTICE_DELETED] = tell_deleted,
        [PH_NOTICE_EXPIRED] = tell_expired,
        [PH_NOTICE_FAILED] = tell_failed,
        [PH_NOTICE_REFUSED] = tell_refused,
        [PH_NOTICE_CLOUD_AWAY] = tell_cloud,
        [PH_NOTICE_CLOUD_BACK] = tell_cloud,
    };

    *out_notice = (struct ph_notice){.kind = facts->kind};
    if ((size_t)facts->kind < PH_COUNT(tell) && tell[facts->kind] != NULL)
        tell[facts->kind](out_notice, facts);
}

/* --- for those who show it --- */

static const char *
entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void
ph_notice_escape(const char *text, char *dst, size_t cap)
{
    size_t at = 0;

    for (; *text != '\0'; text++) {
        const char one[2] = {*text, '\0'};
        const char *entity = entity_of(*text);
        const char *put = entity != NULL ? entity : one;
        const size_t len = strlen(put);

        if (len >= cap - at)
            break;
        memcpy(dst + at, put, len);
        at += len;
    }
    dst[at] = '\0';
}

/* A string of AppleScript, with its quotes; NULL when it has no room. */
static char *
put_string(char *dst, const char *end, const char *text)
{
    if (end - dst < 3)
        return NULL;
    *dst++ = '"';
    for (; *text != '\0'; text++) {
        if (end - dst < 4)
            return NULL;
        if (*text == '"' || *text == '\\')
            *dst++ = '\\';
        *dst++ = *text == '\n' ? ' ' : *text;
    }
    *dst++ = '"';
    *dst = '\0';
    return dst;
}

static char *
put_word(char *dst, const char *end, const char *word)
{
    const size_t len = strlen(word);

    if (dst == NULL || (size_t)(end - dst) <= len)
        return NULL;
    memcpy(dst, word, len + 1);
    return dst + len;
}

int
ph_notice_applescript(const struct ph_notice *notice, char *dst, size_t cap)
{
    const char *end = dst + cap;
    char *at = put_word(dst, end, "display notification ");

    if (at != NULL)
        at = put_string(at, end, notice->body);
    at = put_word(at, end, " with title ");
    if (at != NULL)
        at = put_string(at, end, notice->summary);
    at = put_word(at, end, "\n");
    return at != NULL ? PH_OK : PH_ERR_TOO_BIG;
}
