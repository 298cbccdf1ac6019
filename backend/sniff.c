#include "sniff.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "printhold/base/attr.h"
#include "printhold/base/utf8.h"

/* Universal exit language: starts a PJL job. */
#define UEL "\033%-12345X"

static const struct {
    const char *bytes;
    size_t len;
    enum ph_sniff_kind kind;
    const char *type;
} magics[] = {
#define MAGIC(text) text, sizeof(text) - 1
    {MAGIC("%!"), PH_SNIFF_POSTSCRIPT, "application/postscript"},
    /* End-of-transmission, then PostScript: old Windows drivers. */
    {MAGIC("\004%!"), PH_SNIFF_POSTSCRIPT, "application/postscript"},
    {MAGIC("RaS2PwgRaster\0"), PH_SNIFF_RASTER, "image/pwg-raster"},
    {MAGIC("UNIRAST\0"), PH_SNIFF_RASTER, "image/urf"},
    {MAGIC("RaSt"), PH_SNIFF_RASTER, "application/vnd.cups-raster"},
    {MAGIC("tSaR"), PH_SNIFF_RASTER, "application/vnd.cups-raster"},
    {MAGIC("RaS2"), PH_SNIFF_RASTER, "application/vnd.cups-raster"},
    {MAGIC("2SaR"), PH_SNIFF_RASTER, "application/vnd.cups-raster"},
    {MAGIC("RaS3"), PH_SNIFF_RASTER, "application/vnd.cups-raster"},
    {MAGIC("3SaR"), PH_SNIFF_RASTER, "application/vnd.cups-raster"},
    {MAGIC("\x89PNG\r\n\x1a\n"), PH_SNIFF_PNG, "image/png"},
    {MAGIC("\xff\xd8\xff"), PH_SNIFF_JPEG, "image/jpeg"},
    {MAGIC(") HP-PCL XL;"), PH_SNIFF_OTHER, "application/vnd.hp-PCLXL"},
    {MAGIC("\033E"), PH_SNIFF_OTHER, "application/vnd.hp-PCL"},
    {MAGIC("\033&"), PH_SNIFF_OTHER, "application/vnd.hp-PCL"},
    {MAGIC("\033*"), PH_SNIFF_OTHER, "application/vnd.hp-PCL"},
#undef MAGIC
};

static bool
starts_with(const uint8_t *bytes, size_t len, const char *with, size_t with_len)
{
    return len >= with_len && memcmp(bytes, with, with_len) == 0;
}

static const uint8_t *
find(const uint8_t *bytes, size_t len, const char *what)
{
    size_t what_len = strlen(what);

    for (size_t i = 0; i + what_len <= len; i++) {
        if (memcmp(bytes + i, what, what_len) == 0)
            return bytes + i;
    }
    return NULL;
}

/* The language that PJL switches to. A PDF in PJL stays opaque: it is no
 * application/pdf that a printer or viewer would take as such. */
static const char *
pjl_type(const uint8_t *head, size_t len)
{
    const uint8_t *at = find(head, len, "LANGUAGE");
    const uint8_t *end = head + len;

    if (at == NULL)
        return "application/octet-stream";
    at += strlen("LANGUAGE");
    while (at < end && (*at == ' ' || *at == '='))
        at++;
    if ((size_t)(end - at) >= 5 &&
        strncasecmp((const char *)at, "PCLXL", 5) == 0)
        return "application/vnd.hp-PCLXL";
    if ((size_t)(end - at) >= 3 && strncasecmp((const char *)at, "PCL", 3) == 0)
        return "application/vnd.hp-PCL";
    if ((size_t)(end - at) >= 10 &&
        strncasecmp((const char *)at, "POSTSCRIPT", 10) == 0)
        return "application/postscript";
    return "application/octet-stream";
}

/* UTF-8 (the last character may be cut off) without control characters other
 * than those of plain text. */
static bool
is_text(const uint8_t *head, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (head[i] < 0x20 && strchr("\t\n\v\f\r\b", head[i]) == NULL)
            return false;
        if (head[i] == '\0' || head[i] == 0x7f)
            return false;
    }
    for (size_t cut = 0; cut <= 3 && cut <= len; cut++) {
        if (ph_utf8_valid((const char *)head, len - cut))
            return len > cut;
        if (len < PH_SNIFF_BYTES)
            break; /* the whole document: nothing was cut off */
    }
    return false;
}

enum ph_sniff_kind
ph_sniff(const uint8_t *head, size_t len, const char **out_type)
{
    if (len > PH_SNIFF_BYTES)
        len = PH_SNIFF_BYTES;
    if (starts_with(head, len, UEL, strlen(UEL))) {
        *out_type = pjl_type(head, len);
        return PH_SNIFF_OTHER;
    }
    for (size_t i = 0; i < PH_COUNT(magics); i++) {
        if (starts_with(head, len, magics[i].bytes, magics[i].len)) {
            *out_type = magics[i].type;
            return magics[i].kind;
        }
    }
    /* Readers take the header anywhere in the first 1,024 bytes (ISO 32000-1,
     * annex H, implementation note 13). */
    if (find(head, len, "%PDF-") != NULL) {
        *out_type = "application/pdf";
        return PH_SNIFF_PDF;
    }
    *out_type = is_text(head, len) ? "text/plain" : "application/octet-stream";
    return PH_SNIFF_OTHER;
}
