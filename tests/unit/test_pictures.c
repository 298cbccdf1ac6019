#include "pictures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"

#define DATA 70000
#define ROOM (DATA + 4096)

struct document {
    uint8_t bytes[ROOM];
    size_t len;
    size_t data_at; /* the picture's data */
};

static void
add_text(struct document *d, const char *text)
{
    memcpy(d->bytes + d->len, text, strlen(text));
    d->len += strlen(text);
}

/* The head, data that looks like anything, the end. */
static void
make(struct document *d, const char *head, const char *end)
{
    d->len = 0;
    add_text(d, "%PDF-1.4\n");
    add_text(d, head);
    d->data_at = d->len;
    for (size_t i = 0; i < DATA; i++)
        d->bytes[d->len++] = (uint8_t)(i * 7919 >> 3);
    add_text(d, end);
    add_text(d, "\nendobj\ntrailer <<>>\n%%EOF\n");
}

/* Go through it in pieces; which bytes are left out. */
static size_t
left_out(const struct document *d, size_t step, size_t *out_first,
         bool *out_doubtful)
{
    struct ph_pictures pictures = {.before_len = 0};
    size_t count = 0;

    *out_first = d->len;
    for (size_t at = 0; at < d->len;) {
        size_t left = d->len - at < step ? d->len - at : step;

        while (left > 0) {
            bool keep;
            size_t n = ph_pictures_next(&pictures, d->bytes + at, left, &keep);

            assert_in_range(n, 1, left);
            if (!keep && count == 0)
                *out_first = at;
            count += keep ? 0 : n;
            at += n;
            left -= n;
        }
    }
    *out_doubtful = pictures.is_doubtful;
    return count;
}

#define PICTURE \
    "5 0 obj\n<< /Type /XObject /Subtype /Image /Width 7 /Length 70000 >>\n"

static void
the_data_of_a_picture_and_nothing_else_is_left_out(void **state)
{
    static const char *const heads[] = {
        PICTURE "stream\n",
        PICTURE "stream\r\n",
        "5 0 obj <</Subtype/Image/Length 70000>>stream\n",
        "1 0 obj <</Length 3>>stream\nabc\nendstream endobj " PICTURE
        "stream\n",
        "5 0 obj <</Length1 9/Subtype/Image/Length\n70000\n/W 1>> stream\n",
    };
    static struct document d;
    size_t first;
    bool is_doubtful;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(heads); i++) {
        make(&d, heads[i], "\nendstream");
        assert_int_equal(left_out(&d, ROOM, &first, &is_doubtful), DATA);
        assert_int_equal(first, d.data_at);
        assert_false(is_doubtful);
    }
}

static void
what_is_not_surely_a_picture_is_kept(void **state)
{
    static const struct {
        const char *what;
        const char *head;
    } cases[] = {
        {"no picture", "5 0 obj <</Length 70000>>stream\n"},
        {"a reference", "5 0 obj <</Subtype/Image/Length 70000 0 R>>stream\n"},
        {"no length", "5 0 obj <</Subtype/Image>>stream\n"},
        {"two lengths",
         "5 0 obj <</Subtype/Image/Length 9/Length 70000>>stream\n"},
        {"a small one", "5 0 obj <</Subtype/Image/Length 65535>>stream\n"},
        {"a number too long",
         "5 0 obj <</Subtype/Image/Length 1000000000000000>>stream\n"},
        {"negative", "5 0 obj <</Subtype/Image/Length -70000>>stream\n"},
        {"an object stream",
         "5 0 obj <</Type/ObjStm/Subtype/Image/Length 70000>>stream\n"},
        {"cross-references",
         "5 0 obj <</Type/XRef/Subtype/Image/Length 70000>>stream\n"},
        {"no line end", "5 0 obj <</Subtype/Image/Length 70000>>stream "},
        {"the length of a font", "5 0 obj <</Subtype/Image/Length1 70000>>"
                                 "stream\n"},
        {"another object between",
         PICTURE "endobj 6 0 obj <</Length 70000>>stream\n"},
        {"no dictionary", "/Subtype /Image /Length 70000\nstream\n"},
        {"no object", "<</Subtype/Image/Length 70000>>stream\n"},
    };
    static struct document d;
    size_t first;
    bool is_doubtful;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        make(&d, cases[i].head, "\nendstream");
        if (left_out(&d, ROOM, &first, &is_doubtful) != 0 || is_doubtful)
            fail_msg("%s", cases[i].what);
    }
}

/* In pieces of any size the same is left out, or nothing when the keyword is
 * cut in two. */
static void
pieces_change_nothing_but_what_is_recognised(void **state)
{
    static struct document d;
    size_t recognised = 0;

    (void)state;
    make(&d, PICTURE "stream\r\n", "\r\nendstream");
    for (size_t step = 1; step < 400; step++) {
        size_t first;
        bool is_doubtful;
        size_t count = left_out(&d, step, &first, &is_doubtful);

        assert_true(count == 0 || (count == DATA && first == d.data_at));
        assert_false(is_doubtful);
        recognised += count > 0;
    }
    assert_true(recognised > 350);
}

static void
a_length_that_is_wrong_makes_it_doubtful(void **state)
{
    static struct document d;
    size_t first;
    bool is_doubtful;

    (void)state;
    make(&d, PICTURE "stream\n", "\nendstreem");
    (void)left_out(&d, 1000, &first, &is_doubtful);
    assert_true(is_doubtful);
    make(&d, "5 0 obj <</Subtype/Image/Length 69999>>stream\n", "\nendstream");
    assert_int_equal(left_out(&d, ROOM, &first, &is_doubtful), 69999);
    assert_true(is_doubtful);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_data_of_a_picture_and_nothing_else_is_left_out),
        cmocka_unit_test(what_is_not_surely_a_picture_is_kept),
        cmocka_unit_test(pieces_change_nothing_but_what_is_recognised),
        cmocka_unit_test(a_length_that_is_wrong_makes_it_doubtful),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
