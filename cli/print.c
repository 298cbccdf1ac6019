#include "print.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/utf8.h"

#define CLEAN_MAX    4096
#define GAP          2
#define FACT_COLUMNS 20

unsigned
ph_print_width(void)
{
    struct winsize size;

    if (isatty(STDOUT_FILENO) == 0 ||
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

unsigned
ph_print_rest(unsigned fixed, unsigned least)
{
    const unsigned width = ph_print_width();

    if (width == 0)
        return 0;
    return width < fixed + least ? least : width - fixed;
}

/* One character of clean UTF-8 and the columns that it takes. */
struct glyph {
    size_t len;
    unsigned columns;
    bool shown; /* the locale has it and the terminal can show it */
};

static size_t
utf8_len(unsigned char lead)
{
    if (lead < 0xc0)
        return 1;
    if (lead < 0xe0)
        return 2;
    return lead < 0xf0 ? 3 : 4;
}

static struct glyph
look_at(const char *text, bool utf8)
{
    struct glyph glyph = {.len = utf8_len((unsigned char)text[0]),
                          .columns = 1};
    mbstate_t state;
    wchar_t wide;
    int columns;

    if (glyph.len == 1) {
        glyph.shown = true;
        return glyph;
    }
    memset(&state, 0, sizeof(state));
    if (!utf8 || mbrtowc(&wide, text, glyph.len, &state) != glyph.len)
        return glyph;
    columns = wcwidth(wide);
    if (columns < 0)
        return glyph;
    glyph.columns = (unsigned)columns;
    glyph.shown = true;
    return glyph;
}

/* The columns of the whole text. */
static unsigned
measure(const char *text, bool utf8)
{
    unsigned total = 0;

    while (*text != '\0') {
        struct glyph glyph = look_at(text, utf8);

        total += glyph.columns;
        text += glyph.len;
    }
    return total;
}

unsigned
ph_print_text(FILE *out, const char *text, unsigned columns)
{
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const char *mark = utf8 ? "\xe2\x80\xa6" : "~"; /* U+2026 */
    char clean[CLEAN_MAX];
    const char *pos = clean;
    unsigned room = columns, used = 0;
    bool cut;

    ph_utf8_clean(text, clean, sizeof(clean));
    cut = columns > 0 && measure(clean, utf8) > columns;
    if (cut)
        room--;
    while (*pos != '\0') {
        struct glyph glyph = look_at(pos, utf8);

        if (cut && used + glyph.columns > room)
            break;
        if (glyph.shown)
            (void)fwrite(pos, 1, glyph.len, out);
        else
            (void)fputc('?', out);
        used += glyph.columns;
        pos += glyph.len;
    }
    if (cut) {
        (void)fputs(mark, out);
        used++;
    }
    return used;
}

void
ph_print_cell(FILE *out, const char *text, unsigned columns)
{
    unsigned used = ph_print_text(out, text, columns);

    (void)fprintf(out, "%*s", (int)(columns - used) + GAP, "");
}

void
ph_print_time(int64_t wall_ms, char *dst, size_t cap)
{
    time_t when = (time_t)(wall_ms / 1000);
    struct tm local;

    if (wall_ms <= 0 || localtime_r(&when, &local) == NULL ||
        strftime(dst, cap, "%Y-%m-%d %H:%M", &local) == 0)
        (void)snprintf(dst, cap, "-");
}

void
ph_print_span(int64_t span_ms, char *dst, size_t cap)
{
    int64_t minutes = span_ms / 60000;

    if (minutes <= 0)
        (void)snprintf(dst, cap, "now");
    else if (minutes < 60)
        (void)snprintf(dst, cap, "%d min", (int)minutes);
    else if (minutes < 48 * 60)
        (void)snprintf(dst, cap, "%d h", (int)(minutes / 60));
    else
        (void)snprintf(dst, cap, "%lld d", (long long)(minutes / 60 / 24));
}

void
ph_print_size(uint64_t bytes, char *dst, size_t cap)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;

    if (bytes < 1024) {
        (void)snprintf(dst, cap, "%u B", (unsigned)bytes);
        return;
    }
    /* 1023.95 and more would be shown as 1024.0 of this unit. */
    while (value >= 1023.95 && unit + 1 < PH_COUNT(units)) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(dst, cap, "%.1f %s", value, units[unit]);
}

void
ph_print_fact(FILE *out, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    ph_print_cell(out, name, FACT_COLUMNS);
    (void)ph_print_text(out, value, 0);
    (void)fputc('\n', out);
}

const char ph_unmapped_remedy[] =
    "their accounts have no login of the organisation; an administrator must "
    "set owner.domain or name them in owner.map_file";
