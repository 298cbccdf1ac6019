#include "printhold/model/pin.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"

int
ph_pin_check(const char *text)
{
    size_t len = strspn(text, "0123456789");

    return text[len] == '\0' && len >= PH_PIN_DIGITS_MIN &&
                   len <= PH_PIN_DIGITS_MAX
               ? PH_OK
               : PH_ERR_SYNTAX;
}

/* Is each digit the one before it and step more, 0 coming after 9? With step
 * 0 it is one digit all along. */
static bool
is_run(const char *text, int step)
{
    for (size_t i = 1; text[i] != '\0'; i++)
        if ((text[i] - text[i - 1] - step) % 10 != 0)
            return false;
    return true;
}

static bool
is_repetition(const char *text)
{
    size_t len = strlen(text);

    for (size_t piece = 1; piece <= len / 2; piece++)
        if (len % piece == 0 && memcmp(text, text + piece, len - piece) == 0)
            return true;
    return false;
}

int
ph_pin_choose(const char *text, size_t digits_min, struct ph_why *why)
{
    if (ph_pin_check(text) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID, "A PIN has %d to %d digits",
                           PH_PIN_DIGITS_MIN, PH_PIN_DIGITS_MAX);
    if (strlen(text) < digits_min)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "A PIN has at least %zu digits here", digits_min);
    if (is_run(text, 1) || is_run(text, -1) || is_repetition(text))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "That PIN is too easy to guess: take one without a "
                           "run or a repetition");
    return PH_OK;
}

/* Any digit as often as another: bytes from 250 on are left out. */
int
ph_pin_digit(char *out_digit)
{
    uint8_t byte = 255;

    while (byte >= 250) {
        int err = ph_random(&byte, sizeof(byte));

        if (err != PH_OK)
            return err;
    }
    *out_digit = (char)('0' + byte % 10);
    return PH_OK;
}

int
ph_pin_make(size_t digits, char out_pin[PH_PIN_TEXT])
{
    if (digits < PH_PIN_DIGITS_MIN || digits > PH_PIN_DIGITS_MAX)
        return PH_ERR_INVALID;
    do {
        for (size_t i = 0; i < digits; i++) {
            int err = ph_pin_digit(&out_pin[i]);

            if (err != PH_OK)
                return err;
        }
        out_pin[digits] = '\0';
    } while (ph_pin_choose(out_pin, digits, NULL) != PH_OK);
    return PH_OK;
}
