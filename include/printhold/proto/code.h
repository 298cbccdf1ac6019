/*
 * The text of an offline code (printhold code): eight decimal digits, zeros in
 * front included. People see and type it in two groups of four.
 */
#ifndef PRINTHOLD_PROTO_CODE_H
#define PRINTHOLD_PROTO_CODE_H

#include <stdbool.h>
#include <stddef.h>

#define PH_CODE_DIGITS    8
#define PH_CODE_TEXT      (PH_CODE_DIGITS + 1)
#define PH_CODE_SHOWN     (PH_CODE_DIGITS + 2)
#define PH_CODE_TYPED_MAX 64 /* bytes that are looked at */

/* Exactly eight digits and nothing else? text need not end in NUL. */
bool ph_code_is(const char *text, size_t len);

/* What a person typed: blanks, line ends and hyphens between the digits and
 * around them do not count. PH_ERR_SYNTAX for anything else. */
int ph_code_read(const char *text, size_t len, char out_code[PH_CODE_TEXT]);

/* "1234 5678". */
void ph_code_show(const char code[PH_CODE_TEXT], char out_shown[PH_CODE_SHOWN]);

#endif
