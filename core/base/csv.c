#include "printhold/base/csv.h"

#include <stdbool.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static bool
is_formula(const char *text)
{
    /* U+FF1D, U+FF0B, U+FF0D, U+FF20 */
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b",
                                       "\xef\xbc\x8d", "\xef\xbc\xa0"};

    if (text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL)
        return true;
    for (size_t i = 0; i < PH_COUNT(wide); i++) {
        if (strncmp(text, wide[i], 3) == 0)
            return true;
    }
    return false;
}

int
ph_csv_put(struct ph_buf *buf, const char *text)
{
    int err = ph_buf_put_str(buf, is_formula(text) ? "\"'" : "\"");

    for (; *text != '\0' && err == PH_OK; text++) {
        if (*text == '"')
            err = ph_buf_put_u8(buf, '"');
        if (err == PH_OK)
            err = ph_buf_put_u8(buf, (uint8_t)*text);
    }
    return err == PH_OK ? ph_buf_put_u8(buf, '"') : err;
}
