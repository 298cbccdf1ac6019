/*
 * Text from outside made fit for people, JSON and logs.
 */
#ifndef PRINTHOLD_BASE_UTF8_H
#define PRINTHOLD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms)? */
bool ph_utf8_valid(const char *text, size_t len);

/*
 * Copy text to dst (cap >= 1, always NUL-terminated): every malformed byte
 * becomes U+FFFD, every control character (C0, DEL, C1) a space, and the
 * result is cut at a character boundary. Bidirectional overrides (U+202A to
 * U+202E, U+2066 to U+2069) become spaces too, so a title cannot reorder a
 * list.
 */
void ph_utf8_clean(const char *text, char *dst, size_t cap);

#endif
