#include "ticket_words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "printhold/base/attr.h"

/* One spelling and what it means. */
struct word {
    const char *from;
    const char *to;
};

static const struct word sides_words[] = {
    {"one-sided", "one-sided"},
    {"two-sided-long-edge", "two-sided-long-edge"},
    {"two-sided-short-edge", "two-sided-short-edge"},
    {"None", "one-sided"},
    {"Off", "one-sided"},
    {"False", "one-sided"},
    {"DuplexNoTumble", "two-sided-long-edge"},
    {"DuplexTumble", "two-sided-short-edge"},
};

static const struct word color_words[] = {
    {"monochrome", "monochrome"},
    {"color", "color"},
    {"auto", "auto"},
    {"auto-monochrome", "monochrome"},
    {"bi-level", "monochrome"},
    {"process-monochrome", "monochrome"},
    {"process-bi-level", "monochrome"},
    {"Gray", "monochrome"},
    {"Grayscale", "monochrome"},
    {"FastGray", "monochrome"},
    {"KGray", "monochrome"},
    {"DeviceGray", "monochrome"},
    {"Black", "monochrome"},
    {"RGB", "color"},
    {"sRGB", "color"},
    {"DeviceRGB", "color"},
    {"CMY", "color"},
    {"CMYK", "color"},
};

static const struct word orientation_words[] = {
    {"3", "portrait"},
    {"4", "landscape"},
    {"5", "reverse-landscape"},
    {"6", "reverse-portrait"},
    {"7", "none"},
    {"portrait", "portrait"},
    {"landscape", "landscape"},
    {"reverse-landscape", "reverse-landscape"},
    {"reverse-portrait", "reverse-portrait"},
    {"none", "none"},
};

static const struct word quality_words[] = {
    {"3", "draft"},     {"4", "normal"},      {"5", "high"},
    {"draft", "draft"}, {"normal", "normal"}, {"high", "high"},
};

/* Enum values of PWG 5100.1-2022, table 5 and RFC 8011, 5.2.6. */
static const struct {
    int value;
    const char *keyword;
} finishing_words[] = {
    {3, "none"},
    {4, "staple"},
    {5, "punch"},
    {6, "cover"},
    {7, "bind"},
    {8, "saddle-stitch"},
    {9, "edge-stitch"},
    {10, "fold"},
    {11, "trim"},
    {12, "bale"},
    {13, "booklet-maker"},
    {14, "jog-offset"},
    {15, "coat"},
    {16, "laminate"},
    {20, "staple-top-left"},
    {21, "staple-bottom-left"},
    {22, "staple-top-right"},
    {23, "staple-bottom-right"},
    {24, "edge-stitch-left"},
    {25, "edge-stitch-top"},
    {26, "edge-stitch-right"},
    {27, "edge-stitch-bottom"},
    {28, "staple-dual-left"},
    {29, "staple-dual-top"},
    {30, "staple-dual-right"},
    {31, "staple-dual-bottom"},
    {32, "staple-triple-left"},
    {33, "staple-triple-top"},
    {34, "staple-triple-right"},
    {35, "staple-triple-bottom"},
    {50, "bind-left"},
    {51, "bind-top"},
    {52, "bind-right"},
    {53, "bind-bottom"},
    {60, "trim-after-pages"},
    {61, "trim-after-documents"},
    {62, "trim-after-copies"},
    {63, "trim-after-job"},
    {70, "punch-top-left"},
    {71, "punch-bottom-left"},
    {72, "punch-top-right"},
    {73, "punch-bottom-right"},
    {74, "punch-dual-left"},
    {75, "punch-dual-top"},
    {76, "punch-dual-right"},
    {77, "punch-dual-bottom"},
    {78, "punch-triple-left"},
    {79, "punch-triple-top"},
    {80, "punch-triple-right"},
    {81, "punch-triple-bottom"},
    {82, "punch-quad-left"},
    {83, "punch-quad-top"},
    {84, "punch-quad-right"},
    {85, "punch-quad-bottom"},
    {86, "punch-multiple-left"},
    {87, "punch-multiple-top"},
    {88, "punch-multiple-right"},
    {89, "punch-multiple-bottom"},
    {90, "fold-accordion"},
    {91, "fold-double-gate"},
    {92, "fold-gate"},
    {93, "fold-half"},
    {94, "fold-half-z"},
    {95, "fold-left-gate"},
    {96, "fold-letter"},
    {97, "fold-parallel"},
    {98, "fold-poster"},
    {99, "fold-right-gate"},
    {100, "fold-z"},
    {101, "fold-engineering-z"},
};

static const struct word staple_words[] = {
    {"TopLeft", "staple-top-left"},   {"BottomLeft", "staple-bottom-left"},
    {"TopRight", "staple-top-right"}, {"BottomRight", "staple-bottom-right"},
    {"DualLeft", "staple-dual-left"}, {"DualTop", "staple-dual-top"},
};

static const struct word punch_words[] = {
    {"DualLeft", "punch-dual-left"},
    {"DualTop", "punch-dual-top"},
    {"TripleLeft", "punch-triple-left"},
    {"QuadLeft", "punch-quad-left"},
};

/* PWG 5101.1 self-describing name, then the PPD name (Adobe PPD 4.3 appendix
 * B; its B sizes are the Japanese ones) and the old IPP name (RFC 2911). */
static const struct {
    const char *pwg;
    const char *ppd;
    const char *ipp;
} media_words[] = {
    {"iso_a3_297x420mm", "A3", "iso-a3"},
    {"iso_a4_210x297mm", "A4", "iso-a4"},
    {"iso_a5_148x210mm", "A5", "iso-a5"},
    {"iso_a6_105x148mm", "A6", "iso-a6"},
    {"iso_b4_250x353mm", "ISOB4", "iso-b4"},
    {"iso_b5_176x250mm", "ISOB5", "iso-b5"},
    {"jis_b4_257x364mm", "B4", "jis-b4"},
    {"jis_b5_182x257mm", "B5", "jis-b5"},
    {"jis_b6_128x182mm", "B6", "jis-b6"},
    {"na_letter_8.5x11in", "Letter", "na-letter"},
    {"na_legal_8.5x14in", "Legal", "na-legal"},
    {"na_ledger_11x17in", "Tabloid", "tabloid"},
    {"na_ledger_11x17in", "Ledger", "ledger"},
    {"na_executive_7.25x10.5in", "Executive", "executive"},
    {"na_invoice_5.5x8.5in", "Statement", "invoice"},
    {"na_foolscap_8.5x13in", "FanFoldGermanLegal", "foolscap"},
    {"om_folio_210x330mm", "Folio", "folio"},
    {"na_number-10_4.125x9.5in", "Env10", "na-number-10-envelope"},
    {"na_monarch_3.875x7.5in", "EnvMonarch", "monarch-envelope"},
    {"iso_c5_162x229mm", "EnvC5", "iso-c5"},
    {"iso_c6_114x162mm", "EnvC6", "iso-c6"},
    {"iso_dl_110x220mm", "EnvDL", "iso-designated-long"},
    {"jpn_hagaki_100x148mm", "Postcard", "jpn-hagaki"},
};

static const char *
find(const struct word *words, size_t count, const char *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(words[i].from, value) == 0)
            return words[i].to;
    }
    return NULL;
}

const char *
ph_words_sides(const char *value)
{
    return find(sides_words, PH_COUNT(sides_words), value);
}

const char *
ph_words_color(const char *value)
{
    return find(color_words, PH_COUNT(color_words), value);
}

const char *
ph_words_orientation(const char *value)
{
    return find(orientation_words, PH_COUNT(orientation_words), value);
}

const char *
ph_words_quality(const char *value)
{
    return find(quality_words, PH_COUNT(quality_words), value);
}

const char *
ph_words_finishing(const char *value)
{
    for (size_t i = 0; i < PH_COUNT(finishing_words); i++) {
        char number[12];

        (void)snprintf(number, sizeof(number), "%d", finishing_words[i].value);
        if (strcmp(number, value) == 0 ||
            strcasecmp(finishing_words[i].keyword, value) == 0)
            return finishing_words[i].keyword;
    }
    return NULL;
}

const char *
ph_words_staple(const char *value)
{
    return find(staple_words, PH_COUNT(staple_words), value);
}

const char *
ph_words_punch(const char *value)
{
    return find(punch_words, PH_COUNT(punch_words), value);
}

/* Skip a decimal number such as 297 or 8.5; NULL when there is none. */
static const char *
skip_number(const char *pos)
{
    const char *start = pos;

    while (isdigit((unsigned char)*pos))
        pos++;
    if (pos == start)
        return NULL;
    if (*pos == '.') {
        start = ++pos;
        while (isdigit((unsigned char)*pos))
            pos++;
        if (pos == start)
            return NULL;
    }
    return pos;
}

/* class_name_WxHunit, all in the characters of PWG 5101.1, 5.1. */
static bool
is_self_describing(const char *name)
{
    const char *size = strrchr(name, '_');
    const char *pos;

    if (size == NULL || size == name || strchr(name, '_') == size)
        return false;
    for (pos = name; pos < size; pos++) {
        if (!islower((unsigned char)*pos) && !isdigit((unsigned char)*pos) &&
            strchr("_-.", *pos) == NULL)
            return false;
    }
    pos = skip_number(size + 1);
    if (pos == NULL || *pos != 'x')
        return false;
    pos = skip_number(pos + 1);
    return pos != NULL && (strcmp(pos, "mm") == 0 || strcmp(pos, "in") == 0);
}

/* Is name the PWG name without its size ("iso_a4", as Firefox sends)? */
static bool
is_short_pwg(const char *pwg, const char *name)
{
    size_t len = strlen(name);
    const char *size = strrchr(pwg, '_');

    return size != NULL && len == (size_t)(size - pwg) &&
           strncasecmp(pwg, name, len) == 0;
}

/* One name of a media list. */
static const char *
find_media(char *name)
{
    char *suffix;

    if (is_self_describing(name))
        return name;
    suffix = strchr(name, '.');
    if (suffix != NULL) /* A4.Fullbleed, A4.Borderless */
        *suffix = '\0';
    for (size_t i = 0; i < PH_COUNT(media_words); i++) {
        if (strcasecmp(media_words[i].ppd, name) == 0 ||
            strcasecmp(media_words[i].ipp, name) == 0 ||
            is_short_pwg(media_words[i].pwg, name))
            return media_words[i].pwg;
    }
    return NULL;
}

bool
ph_words_media(const char *value, char *dst, size_t cap)
{
    while (*value != '\0') {
        size_t len = strcspn(value, ",");
        char name[64];
        const char *found;

        if (len < sizeof(name)) {
            memcpy(name, value, len);
            name[len] = '\0';
            found = find_media(name);
            if (found != NULL && strlen(found) < cap) {
                memcpy(dst, found, strlen(found) + 1);
                return true;
            }
        }
        value += len;
        if (*value == ',')
            value++;
    }
    return false;
}

bool
ph_words_keyword(const char *value, char *dst, size_t cap)
{
    char word[64];
    size_t used = 0;

    for (const char *pos = value; *pos != '\0'; pos++) {
        unsigned char c = (unsigned char)*pos;

        if (used + 3 > sizeof(word))
            return false;
        if (!isalnum(c) && strchr("-_.", c) == NULL)
            return false;
        if (isupper(c) && pos != value && islower((unsigned char)pos[-1]))
            word[used++] = '-';
        word[used++] = (char)tolower(c);
    }
    if (used == 0 || used >= cap)
        return false;
    memcpy(dst, word, used);
    dst[used] = '\0';
    return true;
}
