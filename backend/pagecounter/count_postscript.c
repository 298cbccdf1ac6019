#include "count.h"

#include <stdbool.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

struct tally {
    unsigned depth; /* of embedded documents, whose pages are not ours */
    int64_t stated; /* last %%Pages: n outside them, -1 none */
    int64_t marked; /* %%Page: comments */
};

static bool
starts(const uint8_t *line, size_t len, const char *with)
{
    size_t n = strlen(with);

    return len >= n && memcmp(line, with, n) == 0;
}

/* "%%Pages: 12" and "%%Pages: 12 1" (with an order); "(atend)" is no number. */
static void
take_pages(const uint8_t *value, size_t len, struct tally *tally)
{
    size_t digits = 0;
    uint64_t n;

    while (len > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        len--;
    }
    while (digits < len && value[digits] >= '0' && value[digits] <= '9')
        digits++;
    if (ph_parse_u64_n((const char *)value, digits, 0, PH_PAGECOUNT_PAGES_MAX,
                       &n) == PH_OK)
        tally->stated = (int64_t)n;
}

static void
take_line(const uint8_t *line, size_t len, struct tally *tally)
{
    if (!starts(line, len, "%%"))
        return;
    if (starts(line, len, "%%BeginDocument"))
        tally->depth++;
    else if (starts(line, len, "%%EndDocument"))
        tally->depth -= tally->depth > 0 ? 1 : 0;
    else if (tally->depth > 0)
        return;
    else if (starts(line, len, "%%Pages:"))
        take_pages(line + 8, len - 8, tally);
    else if (starts(line, len, "%%Page:"))
        tally->marked++;
}

static size_t
line_length(const uint8_t *bytes, size_t len)
{
    size_t n = 0;

    while (n < len && bytes[n] != '\n' && bytes[n] != '\r')
        n++;
    return n;
}

void
ph_count_postscript(const uint8_t *bytes, size_t len,
                    struct ph_pagecount_answer *answer)
{
    struct tally tally = {.stated = -1};

    answer->status = PH_PAGECOUNT_UNKNOWN;
    while (len > 0) {
        size_t n = line_length(bytes, len);

        take_line(bytes, n, &tally);
        bytes += n;
        len -= n;
        if (len > 0) { /* the line's end */
            bytes++;
            len--;
        }
    }
    if (tally.depth > 0)
        return;
    /* Two statements that differ are no statement. */
    if (tally.stated >= 0 && tally.marked > 0 && tally.stated != tally.marked)
        return;
    if (tally.stated < 1 && tally.marked < 1)
        return;
    answer->status = PH_PAGECOUNT_COUNTED;
    answer->pages = tally.stated > 0 ? tally.stated : tally.marked;
}
