/*
 * The site's own list of who is who: local accounts and the login (e-mail) of
 * the organisation that each stands for.
 *
 *   # comment
 *   alice   = alice.smith@example.com
 *   CORP\bob = bob@example.com
 *   kiosk   = -
 *
 * One account a line, blanks around both do not count; "-" means of no login,
 * whatever other rules would say. UTF-8 with or without byte-order mark, lines
 * end with LF or CR LF, at most 1 MiB, 1,024 bytes a line, 20,000 accounts.
 * Accounts count as they are written, logins become lower case (ASCII). A line
 * that is not like that and an account that stands twice are refused with file
 * and line: a map is taken whole or not at all.
 */
#ifndef PRINTHOLD_MODEL_OWNER_MAP_H
#define PRINTHOLD_MODEL_OWNER_MAP_H

#include <stddef.h>
#include <sys/stat.h>

#include "printhold/base/why.h"
#include "printhold/model/findings.h"

#define PH_OWNER_MAP_FILE_MAX  (1024 * 1024)
#define PH_OWNER_MAP_LINE_MAX  1024
#define PH_OWNER_MAP_COUNT_MAX 20000
#define PH_OWNER_MAP_NAME_MAX  255 /* bytes of an account or a login */

struct ph_owner_map;

/* name stands for the file in why. PH_ERR_CONFIG. */
int ph_owner_map_parse(const char *name, const char *text, size_t len,
                       struct ph_owner_map **out_map, struct ph_why *why);

/* Read the file: regular, owned by root or the reader, writable by nobody
 * else, or it is refused (PH_ERR_DENIED). out_stat says which file it was. */
int ph_owner_map_load(const char *path, struct ph_owner_map **out_map,
                      struct stat *out_stat, struct ph_why *why);

/* Read the file, and add to findings all that is wrong with it. */
void ph_owner_map_check(const char *path, struct ph_findings *findings);

void ph_owner_map_free(struct ph_owner_map *map);

/* The login of an account: NULL when the map does not name the account, empty
 * text when it says "-". Lives as long as the map, which may be NULL. */
const char *ph_owner_map_find(const struct ph_owner_map *map,
                              const char *account);
size_t ph_owner_map_count(const struct ph_owner_map *map);

#endif
