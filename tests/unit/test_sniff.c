#include "sniff.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "printhold/base/attr.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *what;
    const char *bytes;
    size_t len;
    enum ph_sniff_kind kind;
    const char *type;
} cases[] = {
    {"PDF", BYTES("%PDF-1.7\n%\xe2\xe3\xcf\xd3"), PH_SNIFF_PDF,
     "application/pdf"},
    {"PDF behind other bytes", BYTES("\n\n\0junk%PDF-1.4"), PH_SNIFF_PDF,
     "application/pdf"},
    {"PDF header cut short", BYTES("%PDF"), PH_SNIFF_OTHER, "text/plain"},
    {"PostScript", BYTES("%!PS-Adobe-3.0\n"), PH_SNIFF_POSTSCRIPT,
     "application/postscript"},
    {"PostScript of a Windows driver", BYTES("\004%!PS"), PH_SNIFF_POSTSCRIPT,
     "application/postscript"},
    {"PWG raster", BYTES("RaS2PwgRaster\0\0"), PH_SNIFF_RASTER,
     "image/pwg-raster"},
    {"CUPS raster 2", BYTES("RaS2\0\0\0\0"), PH_SNIFF_RASTER,
     "application/vnd.cups-raster"},
    {"CUPS raster 3, little-endian", BYTES("3SaR"), PH_SNIFF_RASTER,
     "application/vnd.cups-raster"},
    {"Apple raster", BYTES("UNIRAST\0\0\0\0\2"), PH_SNIFF_RASTER, "image/urf"},
    {"PNG", BYTES("\x89PNG\r\n\x1a\n"), PH_SNIFF_PNG, "image/png"},
    {"PNG spoilt by text mode", BYTES("\x89PNG\n\x1a\n"), PH_SNIFF_OTHER,
     "application/octet-stream"},
    {"JPEG", BYTES("\xff\xd8\xff\xe0"), PH_SNIFF_JPEG, "image/jpeg"},
    {"PCL reset", BYTES("\033E\033&l1O"), PH_SNIFF_OTHER,
     "application/vnd.hp-PCL"},
    {"PCL XL", BYTES(") HP-PCL XL;2;0;Comment"), PH_SNIFF_OTHER,
     "application/vnd.hp-PCLXL"},
    {"PJL with PCL", BYTES("\033%-12345X@PJL\r\n@PJL ENTER LANGUAGE = PCL\r\n"),
     PH_SNIFF_OTHER, "application/vnd.hp-PCL"},
    {"PJL with PCL XL", BYTES("\033%-12345X@PJL ENTER LANGUAGE=PCLXL\n"),
     PH_SNIFF_OTHER, "application/vnd.hp-PCLXL"},
    {"PJL with PostScript",
     BYTES("\033%-12345X@PJL ENTER LANGUAGE=POSTSCRIPT\n%!PS"), PH_SNIFF_OTHER,
     "application/postscript"},
    {"PJL with PDF is opaque",
     BYTES("\033%-12345X@PJL ENTER LANGUAGE=PDF\n%PDF-1.4"), PH_SNIFF_OTHER,
     "application/octet-stream"},
    {"PJL without a language", BYTES("\033%-12345X@PJL INFO STATUS"),
     PH_SNIFF_OTHER, "application/octet-stream"},
    {"PJL whose language is cut off", BYTES("\033%-12345X@PJL ENTER LANGUAGE="),
     PH_SNIFF_OTHER, "application/octet-stream"},
    {"text", BYTES("hello\tworld\r\n"), PH_SNIFF_OTHER, "text/plain"},
    {"text in UTF-8",
     BYTES("gr\xc3\xbc\xc3\x9f"
           "e"),
     PH_SNIFF_OTHER, "text/plain"},
    {"text that ends inside a character", BYTES("gr\xc3"), PH_SNIFF_OTHER,
     "application/octet-stream"},
    {"text in Latin-1",
     BYTES("gr\xfc\xdf"
           "e"),
     PH_SNIFF_OTHER, "application/octet-stream"},
    {"text with a NUL", BYTES("a\0b"), PH_SNIFF_OTHER,
     "application/octet-stream"},
    {"text with an escape", BYTES("a\033[1m"), PH_SNIFF_OTHER,
     "application/octet-stream"},
    {"one byte", BYTES("%"), PH_SNIFF_OTHER, "text/plain"},
    {"nothing", BYTES(""), PH_SNIFF_OTHER, "application/octet-stream"},
};

static void
documents_are_known_by_their_first_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const char *type = NULL;
        enum ph_sniff_kind kind =
            ph_sniff((const uint8_t *)cases[i].bytes, cases[i].len, &type);

        if (kind != cases[i].kind || strcmp(type, cases[i].type) != 0)
            fail_msg("%s: kind %d, %s", cases[i].what, (int)kind, type);
    }
}

static void
only_the_first_1024_bytes_decide(void **state)
{
    uint8_t bytes[2048];
    const char *type;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes + PH_SNIFF_BYTES - 5, "%PDF-", 5);
    assert_int_equal(ph_sniff(bytes, sizeof(bytes), &type), PH_SNIFF_PDF);
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes + PH_SNIFF_BYTES - 4, "%PDF-", 5);
    assert_int_equal(ph_sniff(bytes, sizeof(bytes), &type), PH_SNIFF_OTHER);
    assert_string_equal(type, "text/plain");
}

static void
a_character_cut_by_the_look_is_still_text(void **state)
{
    uint8_t bytes[PH_SNIFF_BYTES];
    const char *type;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    bytes[sizeof(bytes) - 2] = 0xe2; /* of the euro sign e2 82 ac */
    bytes[sizeof(bytes) - 1] = 0x82;
    (void)ph_sniff(bytes, sizeof(bytes), &type);
    assert_string_equal(type, "text/plain");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_known_by_their_first_bytes),
        cmocka_unit_test(only_the_first_1024_bytes_decide),
        cmocka_unit_test(a_character_cut_by_the_look_is_still_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
