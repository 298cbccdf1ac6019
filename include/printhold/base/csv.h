/* Cells of CSV (RFC 4180) that no spreadsheet takes for anything but text. */
#ifndef PRINTHOLD_BASE_CSV_H
#define PRINTHOLD_BASE_CSV_H

#include "printhold/base/buf.h"

/*
 * Append one cell, always in quotes. Text that a spreadsheet may run (OWASP,
 * "CSV Injection": it begins with = + - @, also in their full-width forms, or
 * with a tab or a line end) gets a ' in front. Commas and line ends between
 * cells are the caller's.
 */
int ph_csv_put(struct ph_buf *buf, const char *text);

#endif
