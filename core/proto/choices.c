#include "printhold/proto/choices.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define PAGE_MAX   INT64_C(2147483647)
#define RANGES_MAX 64

#define TEXT(member, name) PH_TEXT_FIELD(ph_release_choices, member, name)

static const struct ph_text_field texts[] = {
    TEXT(sides, "sides"),
    TEXT(print_color_mode, "print-color-mode"),
    TEXT(page_ranges, "page-ranges"),
    TEXT(finishings, "finishings"),
};

static const struct ph_number_field numbers[] = {
    {"copies", offsetof(struct ph_release_choices, copies), PH_NUMBER_I32, 1,
     9999},
};

static bool
is_one_of(const char *text, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

/* Keywords with commas between them. */
static bool
is_list_of_words(const char *text)
{
    for (;;) {
        size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

        if (len == 0 || text[0] == '-')
            return false;
        if (text[len] == '\0')
            return true;
        if (text[len] != ',')
            return false;
        text += len + 1;
    }
}

/* A page, 1 to PAGE_MAX without leading zeros; moves *text behind it. */
static bool
take_page(const char **text, int64_t *out_page)
{
    size_t len = strspn(*text, "0123456789");
    int64_t page;

    if (len == 0 || len > 10 || (*text)[0] == '0')
        return false;
    page = strtoll(*text, NULL, 10);
    *text += len;
    *out_page = page;
    return page <= PAGE_MAX;
}

/* "1-4,7": ascending, none twice (RFC 8011 section 5.2.7). The last page. */
static bool
parse_ranges(const char *text, int64_t *out_last)
{
    int64_t last = 0;

    for (int i = 0; i < RANGES_MAX; i++) {
        int64_t from, to;

        if (!take_page(&text, &from) || from <= last)
            return false;
        to = from;
        if (*text == '-') {
            text++;
            if (!take_page(&text, &to) || to < from)
                return false;
        }
        last = to;
        if (*text == '\0') {
            *out_last = last;
            return true;
        }
        if (*text++ != ',')
            return false;
    }
    return false;
}

static int
check_words(const struct ph_release_choices *choices, struct ph_why *why)
{
    static const char *const sides[] = {"", "one-sided", "two-sided-long-edge",
                                        "two-sided-short-edge", NULL};
    static const char *const colors[] = {"", "monochrome", "color", "auto",
                                         NULL};
    int64_t last;

    if (!is_one_of(choices->sides, sides))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The member \"sides\" is no keyword of IPP");
    if (!is_one_of(choices->print_color_mode, colors))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The member \"print-color-mode\" must be "
                           "monochrome, color or auto");
    if (choices->page_ranges[0] != '\0' &&
        !parse_ranges(choices->page_ranges, &last))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The member \"page-ranges\" must be like 1-4,7");
    if (choices->finishings[0] != '\0' &&
        !is_list_of_words(choices->finishings))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The member \"finishings\" must be keywords with "
                           "commas between them");
    return PH_OK;
}

int
ph_release_choices_take(const json_t *object,
                        struct ph_release_choices *out_choices,
                        struct ph_why *why)
{
    struct ph_release_choices choices = {.copies = 0};
    int err =
        ph_json_take_numbers(object, numbers, PH_COUNT(numbers), &choices, why);

    if (err == PH_OK)
        err = ph_json_take_texts(object, texts, PH_COUNT(texts), &choices, why);
    if (err == PH_OK)
        err = check_words(&choices, why);
    if (err != PH_OK)
        return PH_ERR_INVALID;
    *out_choices = choices;
    return PH_OK;
}

int
ph_release_choices_check(const struct ph_release_choices *choices,
                         const struct ph_ticket *ticket, struct ph_why *why)
{
    int64_t last = 0;

    if (strcmp(ticket->print_color_mode, "monochrome") == 0 &&
        choices->print_color_mode[0] != '\0' &&
        strcmp(choices->print_color_mode, "monochrome") != 0)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "This job is for black and white only");
    if (choices->page_ranges[0] != '\0' && ticket->impressions >= 0 &&
        (!parse_ranges(choices->page_ranges, &last) ||
         last > ticket->impressions))
        return ph_why_fail(why, PH_ERR_INVALID, "This job has %lld pages",
                           (long long)ticket->impressions);
    return PH_OK;
}

void
ph_release_choices_merge(struct ph_release_choices *later,
                         const struct ph_release_choices *earlier)
{
    if (later->copies == 0)
        later->copies = earlier->copies;
    for (size_t i = 0; i < PH_COUNT(texts); i++) {
        char *text = (char *)later + texts[i].offset;

        if (text[0] == '\0')
            memcpy(text, (const char *)earlier + texts[i].offset, texts[i].cap);
    }
}

void
ph_release_choices_text(const struct ph_release_choices *choices, char *dst,
                        size_t cap)
{
    size_t len = 0;

    dst[0] = '\0';
    if (choices->copies > 0)
        len = (size_t)snprintf(dst, cap, "copies=%d", choices->copies);
    for (size_t i = 0; i < PH_COUNT(texts) && len < cap; i++) {
        const char *text = (const char *)choices + texts[i].offset;

        if (text[0] != '\0')
            len += (size_t)snprintf(dst + len, cap - len, "%s%s=%s",
                                    len > 0 ? " " : "", texts[i].name, text);
    }
}

int
ph_release_choices_put(const struct ph_release_choices *choices, json_t *object)
{
    int err = ph_json_put_numbers(object, numbers, PH_COUNT(numbers), choices);

    if (err != PH_OK)
        return err;
    return ph_json_put_texts(object, texts, PH_COUNT(texts), choices);
}
