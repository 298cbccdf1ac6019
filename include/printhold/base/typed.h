/*
 * A secret that a person gives: typed at a terminal without echo, or the first
 * line of a file or of standard input. Never an argument or a variable of the
 * environment, which others can read.
 */
#ifndef PRINTHOLD_BASE_TYPED_H
#define PRINTHOLD_BASE_TYPED_H

#include <stddef.h>

#include "printhold/base/why.h"

/*
 * path NULL or "-" is standard input; when that is a terminal, prompt is shown
 * on standard error and nothing is echoed. The line comes without its end, at
 * most cap - 1 bytes; empty or longer is PH_ERR_INVALID. The caller wipes dst.
 */
int ph_typed_read(const char *path, const char *prompt, char *dst, size_t cap,
                  struct ph_why *why);

#endif
