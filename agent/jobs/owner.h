/*
 * Which login of the organisation a local account stands for. Pure.
 *
 * The first rule that says something counts:
 *   1 the site's map ([owner] map_file, printhold/model/owner_map.h), also when
 *     it says that an account has no login
 *   2 an account name that has a domain already ("alice@corp.example") is one
 *   3 the name at the configured domain ([owner] domain): "alice" and
 *     "example.com" give "alice@example.com"
 * An account for which none does is unmapped. Logins are lower case (ASCII).
 */
#ifndef PRINTHOLD_AGENT_OWNER_H
#define PRINTHOLD_AGENT_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "printhold/model/owner_map.h"

/* map may be NULL, domain empty. False, and dst empty, when the account is
 * unmapped; so is a name with blanks or control bytes that the map does not
 * know, and one that does not fit. */
bool ph_owner_login(const struct ph_owner_map *map, const char *domain,
                    const char *account, char *dst, size_t cap);

#endif
