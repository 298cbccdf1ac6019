/* Times as text (RFC 3339), read. */
#include "printhold/base/clock.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

/* The digits of text from first to before last. */
static int
number(const char *text, size_t first, size_t last, uint64_t min, uint64_t max,
       int64_t *out_value)
{
    uint64_t value;
    int err = ph_parse_u64_n(text + first, last - first, min, max, &value);

    if (err == PH_OK)
        *out_value = (int64_t)value;
    return err;
}

/* ".123" at text, one to nine digits of it, as milliseconds. */
static int
fraction(const char *text, size_t len, int64_t *out_ms)
{
    int64_t ms = 0;

    if (len < 2 || len > 10 || text[0] != '.')
        return PH_ERR_SYNTAX;
    for (size_t i = 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return PH_ERR_SYNTAX;
        if (i <= 3)
            ms = 10 * ms + (text[i] - '0');
    }
    for (size_t i = len; i <= 3; i++)
        ms *= 10;
    *out_ms = ms;
    return PH_OK;
}

int
ph_clock_parse(const char *text, int64_t *out_wall_ms)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    const size_t whole = sizeof(form) - 1, len = strlen(text);
    int64_t year, month, day, hour, minute, second, ms = 0;
    struct tm tm = {.tm_isdst = 0};

    if (len < whole + 1 || text[len - 1] != 'Z')
        return PH_ERR_SYNTAX;
    for (size_t i = 0; i < whole; i++)
        if (form[i] != 'd' && text[i] != form[i])
            return PH_ERR_SYNTAX;
    if (number(text, 0, 4, 1970, 9999, &year) != PH_OK ||
        number(text, 5, 7, 1, 12, &month) != PH_OK ||
        number(text, 8, 10, 1, 31, &day) != PH_OK ||
        number(text, 11, 13, 0, 23, &hour) != PH_OK ||
        number(text, 14, 16, 0, 59, &minute) != PH_OK ||
        number(text, 17, 19, 0, 59, &second) != PH_OK)
        return PH_ERR_SYNTAX;
    tm.tm_year = (int)year - 1900;
    tm.tm_mon = (int)month - 1;
    tm.tm_mday = (int)day;
    if (len > whole + 1 &&
        fraction(text + whole, len - whole - 1, &ms) != PH_OK)
        return PH_ERR_SYNTAX;
    ms += 1000 * ((int64_t)timegm(&tm) + 3600 * hour + 60 * minute + second);
    if (tm.tm_mday != (int)day) /* February 30 became March 2 */
        return PH_ERR_SYNTAX;
    *out_wall_ms = ms;
    return PH_OK;
}
