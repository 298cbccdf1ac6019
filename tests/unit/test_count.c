#include "count.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>
#include <cups/raster.h>

#include "pdf_maker.h"
#include "printhold/base/attr.h"
#include "printhold/base/buf.h"

#define ROOM (8 * 1024 * 1024)

static struct ph_pagecount_answer
count(void (*kind)(const uint8_t *, size_t, struct ph_pagecount_answer *),
      const void *bytes, size_t len)
{
    struct ph_pagecount_answer answer = {.magic = PH_PAGECOUNT_MAGIC};

    kind(bytes, len, &answer);
    return answer;
}

/* --- PDF --- */

static void
pages_and_makers_of_a_pdf_are_found(void **state)
{
    static const unsigned pages[] = {1, 5, 1000};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(pages); i++) {
        struct ph_pagecount_answer answer;
        struct ph_buf pdf;

        ph_buf_init(&pdf, ROOM);
        assert_int_equal(pdf_make(&pdf, pages[i], 10, "Writer", "Maker 7"), 0);
        answer = count(ph_count_pdf, pdf.data, pdf.len);
        assert_int_equal(answer.status, PH_PAGECOUNT_COUNTED);
        assert_int_equal(answer.pages, pages[i]);
        assert_string_equal(answer.creator, "Writer");
        assert_string_equal(answer.producer, "Maker 7");
        ph_buf_close(&pdf);
    }
}

static void
a_pdf_without_pages_is_not_understood(void **state)
{
    struct ph_buf pdf;

    (void)state;
    ph_buf_init(&pdf, ROOM);
    assert_int_equal(pdf_make(&pdf, 0, 10, "Writer", NULL), 0);
    assert_int_equal(count(ph_count_pdf, pdf.data, pdf.len).status,
                     PH_PAGECOUNT_UNKNOWN);
    ph_buf_close(&pdf);
}

static void
a_maker_with_a_long_name_is_cut(void **state)
{
    struct ph_pagecount_answer answer;
    char name[1000];
    struct ph_buf pdf;

    (void)state;
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ph_buf_init(&pdf, ROOM);
    assert_int_equal(pdf_make(&pdf, 1, 10, name, NULL), 0);
    answer = count(ph_count_pdf, pdf.data, pdf.len);
    assert_int_equal(strlen(answer.creator), PH_PAGECOUNT_TEXT_MAX - 1);
    assert_string_equal(answer.producer, "");
    ph_buf_close(&pdf);
}

static void
a_pdf_that_does_not_open_is_damaged_not_repaired(void **state)
{
    struct ph_buf pdf;

    (void)state;
    ph_buf_init(&pdf, ROOM);
    assert_int_equal(pdf_make(&pdf, 3, 5000, NULL, NULL), 0);
    /* cut anywhere */
    for (size_t len = 1; len < pdf.len - 8; len += 97)
        assert_int_equal(count(ph_count_pdf, pdf.data, len).status,
                         PH_PAGECOUNT_DAMAGED);
    /* the cross-reference table says wrong places */
    pdf.data[pdf.len - 7 - 1] ^= 1;
    assert_int_equal(count(ph_count_pdf, pdf.data, pdf.len).status,
                     PH_PAGECOUNT_DAMAGED);
    assert_int_equal(count(ph_count_pdf, "%PDF-1.4\n%%EOF\n", 15).status,
                     PH_PAGECOUNT_DAMAGED);
    ph_buf_close(&pdf);
}

/* --- PostScript --- */

static const struct {
    const char *what;
    const char *text;
    int64_t pages; /* -1 unknown */
} scripts[] = {
    {"stated at the head", "%!PS-Adobe-3.0\n%%Pages: 3\n", 3},
    {"stated at the end",
     "%!PS-Adobe-3.0\n%%Pages: (atend)\n%%Trailer\n%%Pages: 4\n", 4},
    {"stated and marked", "%!\n%%Pages: 2\n%%Page: 1 1\n%%Page: 2 2\n", 2},
    {"only marked", "%!PS\n%%Page: 1 1\nshowpage\n%%Page: 2 2\nshowpage\n", 2},
    {"lines of old Macs", "%!PS\r%%Page: 1 1\r%%Page: 2 2\r", 2},
    {"lines of DOS", "%!PS\r\n%%Page: 1 1\r\n", 1},
    {"an order behind the number", "%!PS\n%%Pages: 7 1\n", 7},
    {"pages of an embedded picture are not ours",
     "%!PS\n%%Page: 1 1\n%%BeginDocument: x.eps\n%%Pages: 9\n%%Page: 1 1\n"
     "%%EndDocument\n",
     1},
    {"no comments", "%!PS\nshowpage\nshowpage\n", -1},
    {"statement and marks differ", "%!PS\n%%Pages: 5\n%%Page: 1 1\n", -1},
    {"an embedded document that does not end",
     "%!PS\n%%Page: 1 1\n%%BeginDocument: x\n", -1},
    {"no number", "%!PS\n%%Pages: many\n", -1},
    {"a negative number", "%!PS\n%%Pages: -3\n", -1},
    {"a number too large", "%!PS\n%%Pages: 99999999999999999999\n", -1},
    {"zero pages", "%!PS\n%%Pages: 0\n", -1},
    {"a mark inside a line", "%!PS\n(%%Page: 1 1) show\n", -1},
    {"ends in a mark", "%!PS\n%%Page:", 1},
    {"nothing", "", -1},
};

static void
pages_of_postscript_come_from_its_comments(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(scripts); i++) {
        struct ph_pagecount_answer answer = count(
            ph_count_postscript, scripts[i].text, strlen(scripts[i].text));
        int64_t pages =
            answer.status == PH_PAGECOUNT_COUNTED ? answer.pages : -1;

        if (pages != scripts[i].pages)
            fail_msg("%s: %lld", scripts[i].what, (long long)pages);
    }
}

/* --- raster --- */

static ssize_t
write_buf(void *arg, unsigned char *bytes, size_t len)
{
    return ph_buf_put(arg, bytes, len) == 0 ? (ssize_t)len : -1;
}

static void
make_raster(struct ph_buf *buf, unsigned pages, cups_mode_t mode,
            cups_order_t order)
{
    cups_page_header2_t header;
    cups_raster_t *raster;
    unsigned char line[300];

    memset(&header, 0, sizeof(header));
    memset(line, 0xa5, sizeof(line));
    (void)snprintf(header.MediaClass, sizeof(header.MediaClass), "PwgRaster");
    header.HWResolution[0] = header.HWResolution[1] = 100;
    header.cupsWidth = 100;
    header.cupsHeight = 50;
    header.cupsBitsPerColor = 8;
    header.cupsBitsPerPixel = order == CUPS_ORDER_PLANAR ? 8 : 24;
    header.cupsBytesPerLine = order == CUPS_ORDER_PLANAR ? 100 : 300;
    header.cupsColorOrder = order;
    header.cupsColorSpace = CUPS_CSPACE_SRGB;
    header.cupsNumColors = 3;
    ph_buf_init(buf, ROOM);
    raster = cupsRasterOpenIO(write_buf, buf, mode);
    assert_non_null(raster);
    for (unsigned page = 0; page < pages; page++) {
        unsigned rows = order == CUPS_ORDER_PLANAR ? 150 : 50;

        assert_int_not_equal(cupsRasterWriteHeader2(raster, &header), 0);
        for (unsigned row = 0; row < rows; row++) {
            line[0] = (unsigned char)row;
            assert_int_not_equal(
                cupsRasterWritePixels(raster, line, header.cupsBytesPerLine),
                0);
        }
    }
    cupsRasterClose(raster);
}

static void
pages_of_raster_are_its_headers(void **state)
{
    static const struct {
        cups_mode_t mode;
        cups_order_t order;
    } kinds[] = {
        {CUPS_RASTER_WRITE, CUPS_ORDER_CHUNKED},
        {CUPS_RASTER_WRITE, CUPS_ORDER_PLANAR},
        {CUPS_RASTER_WRITE_COMPRESSED, CUPS_ORDER_CHUNKED},
        {CUPS_RASTER_WRITE_PWG, CUPS_ORDER_CHUNKED},
        {CUPS_RASTER_WRITE_APPLE, CUPS_ORDER_CHUNKED},
    };

    (void)state;
    ph_count_raster_load();
    for (size_t i = 0; i < PH_COUNT(kinds); i++) {
        struct ph_pagecount_answer answer;
        struct ph_buf raster;

        make_raster(&raster, 7, kinds[i].mode, kinds[i].order);
        answer = count(ph_count_raster, raster.data, raster.len);
        if (answer.status != PH_PAGECOUNT_COUNTED || answer.pages != 7)
            fail_msg("kind %zu: status %u, %lld pages", i, answer.status,
                     (long long)answer.pages);
        ph_buf_close(&raster);
    }
}

static void
raster_that_is_cut_is_no_count(void **state)
{
    struct ph_buf raster;

    (void)state;
    ph_count_raster_load();
    make_raster(&raster, 3, CUPS_RASTER_WRITE_PWG, CUPS_ORDER_CHUNKED);
    for (size_t len = 1; len < raster.len; len += 61) {
        struct ph_pagecount_answer answer =
            count(ph_count_raster, raster.data, len);

        /* Cut just behind a page it looks like fewer pages, but whole ones. */
        if (answer.status == PH_PAGECOUNT_COUNTED)
            assert_true(answer.pages < 3);
    }
    ph_buf_close(&raster);
}

static void
raster_with_impossible_sizes_is_refused_at_once(void **state)
{
    struct ph_buf raster;

    (void)state;
    ph_count_raster_load();
    make_raster(&raster, 1, CUPS_RASTER_WRITE, CUPS_ORDER_CHUNKED);
    /* cupsBytesPerLine stands at 392 of the header, behind 4 bytes of sync. */
    memset(raster.data + 4 + 392, 0xff, 4);
    assert_int_not_equal(count(ph_count_raster, raster.data, raster.len).status,
                         PH_PAGECOUNT_COUNTED);
    ph_buf_close(&raster);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_and_makers_of_a_pdf_are_found),
        cmocka_unit_test(a_pdf_without_pages_is_not_understood),
        cmocka_unit_test(a_maker_with_a_long_name_is_cut),
        cmocka_unit_test(a_pdf_that_does_not_open_is_damaged_not_repaired),
        cmocka_unit_test(pages_of_postscript_come_from_its_comments),
        cmocka_unit_test(pages_of_raster_are_its_headers),
        cmocka_unit_test(raster_that_is_cut_is_no_count),
        cmocka_unit_test(raster_with_impossible_sizes_is_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
