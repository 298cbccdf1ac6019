#include "printhold/proto/code.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_filler(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-';
}

bool
ph_code_is(const char *text, size_t len)
{
    if (len != PH_CODE_DIGITS)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_digit(text[i]))
            return false;
    return true;
}

int
ph_code_read(const char *text, size_t len, char out_code[PH_CODE_TEXT])
{
    char code[PH_CODE_TEXT] = "";
    size_t digits = 0;
    bool good = len <= PH_CODE_TYPED_MAX;

    for (size_t i = 0; i < len && good; i++) {
        if (is_digit(text[i]) && digits < PH_CODE_DIGITS)
            code[digits++] = text[i];
        else
            good = is_filler(text[i]);
    }
    good = good && digits == PH_CODE_DIGITS;
    if (good)
        memcpy(out_code, code, sizeof(code));
    ph_wipe(code, sizeof(code));
    return good ? PH_OK : PH_ERR_SYNTAX;
}

void
ph_code_show(const char code[PH_CODE_TEXT], char out_shown[PH_CODE_SHOWN])
{
    const size_t half = PH_CODE_DIGITS / 2;

    memcpy(out_shown, code, half);
    out_shown[half] = ' ';
    memcpy(out_shown + half + 1, code + half, half);
    out_shown[PH_CODE_SHOWN - 1] = '\0';
}
