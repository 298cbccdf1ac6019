/*
 * PINs with which people sign in at a printer: 4 to 12 decimal digits, zeros
 * in front included. What a guesser tries first is no PIN.
 */
#ifndef PRINTHOLD_MODEL_PIN_H
#define PRINTHOLD_MODEL_PIN_H

#include <stddef.h>

#include "printhold/base/why.h"

#define PH_PIN_DIGITS_MIN 4
#define PH_PIN_DIGITS_MAX 12
#define PH_PIN_TEXT       (PH_PIN_DIGITS_MAX + 1)

/* Could it be one? PH_OK, or PH_ERR_SYNTAX. */
int ph_pin_check(const char *text);

/*
 * May it become one? Besides: at least digits_min, not one digit all along
 * ("0000"), no run up or down ("1234", "9876", "7890"), no short piece again and
 * again ("1212"). PH_ERR_INVALID with a sentence that has no digit of it.
 */
int ph_pin_choose(const char *text, size_t digits_min, struct ph_why *why);

/* A random one of so many digits, fit by the rule above. */
int ph_pin_make(size_t digits, char out_pin[PH_PIN_TEXT]);

/* One random digit, any as often as another. */
int ph_pin_digit(char *out_digit);

#endif
