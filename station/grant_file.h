/*
 * The release grant from a file or a pipe: one compact JWS (RFC 7515), blanks
 * around it allowed. It is only looked at, never verified: that is the
 * workstation's task. A code comes the same way, never on the command line.
 */
#ifndef PRINTHOLD_STATION_GRANT_FILE_H
#define PRINTHOLD_STATION_GRANT_FILE_H

#include <stddef.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"

/* "-" is standard input. out_grant is initialised here and holds NUL-ended
 * text; the caller closes it, which wipes it. */
int ph_grant_file_read(const char *path, struct ph_buf *out_grant,
                       struct ph_why *why);

/* The same for an offline code as a person typed it (printhold/proto/code.h);
 * the eight digits alone are left. */
int ph_code_file_read(const char *path, struct ph_buf *out_code,
                      struct ph_why *why);

/* Cut the blanks off and check the form: three parts of base64url. */
int ph_grant_file_trim(struct ph_buf *text);

#endif
