/*
 * A password or token in a file of its own: one line that only its owner can
 * read. It never appears in a text.
 */
#ifndef PRINTHOLD_BASE_SECRET_FILE_H
#define PRINTHOLD_BASE_SECRET_FILE_H

#include "printhold/base/buf.h"
#include "printhold/base/why.h"

#define PH_SECRET_MAX 16384

/*
 * The file's text without the end of its line, in out_secret (initialised by
 * this function; ph_buf_close wipes it). PH_ERR_DENIED when group or others
 * have any right to the file or it belongs to a stranger, PH_ERR_CONFIG when it
 * is empty, longer than PH_SECRET_MAX, or more than a line of visible text.
 */
int ph_secret_read(const char *path, struct ph_buf *out_secret,
                   struct ph_why *why);

#endif
