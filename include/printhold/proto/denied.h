/*
 * The list of printers that are not served any more, whatever certificate
 * they show. A text file, UTF-8, at most 1 MiB and 10,000 entries; one entry
 * a line, blank lines and lines that begin with # are skipped:
 *
 *     printer pr-lobby
 *     certificate 3A:5F:...   (SHA-256 of the DER, as openssl prints it)
 *
 * The 64 hex digits may also stand without colons, in either case. Anything
 * else spoils the whole file: an entry that is silently skipped would be a
 * printer that is silently served.
 */
#ifndef PRINTHOLD_PROTO_DENIED_H
#define PRINTHOLD_PROTO_DENIED_H

#include <stdbool.h>
#include <stddef.h>

#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"

#define PH_DENIED_FILE_MAX    (1024 * 1024)
#define PH_DENIED_ENTRIES_MAX 10000

struct ph_denied;

/* name stands in why. PH_ERR_CONFIG with the line for what is no list. */
int ph_denied_parse(const char *name, const char *text, size_t len,
                    struct ph_denied **out_denied, struct ph_why *why);
/* PH_ERR_NOT_FOUND when there is no such file. */
int ph_denied_load(const char *path, struct ph_denied **out_denied,
                   struct ph_why *why);
void ph_denied_free(struct ph_denied *denied);
/* Both become one; more is taken. Either may be NULL. */
int ph_denied_join(struct ph_denied **denied, struct ph_denied *more);

size_t ph_denied_count(const struct ph_denied *denied);
/* By its id or by its certificate. NULL denies nobody. */
bool ph_denied_has(const struct ph_denied *denied,
                   const struct ph_identity *printer);

#endif
