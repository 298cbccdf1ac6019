/*
 * Who may sign in where: lists of people and of groups of people, of the whole
 * tenant, of a group of printers and of a printer.
 *
 * The list nearest to the printer that names the person decides: the printer's,
 * then its group's, then the tenant's; within a list the person by name before
 * a group, and no before yes. Whom none of the three names may come in, unless one
 * of them lets only some people in (it has a yes).
 */
#ifndef PRINTHOLD_HUB_ACCESS_H
#define PRINTHOLD_HUB_ACCESS_H

#include "store.h"

enum hub_access_scope {
    HUB_ACCESS_OF_PRINTER, /* nearest first */
    HUB_ACCESS_OF_GROUP,
    HUB_ACCESS_OF_TENANT, /* target: empty */
    HUB_ACCESS_SCOPES,
};

/* What one list says of a person. */
struct hub_access_said {
    bool denies_person, allows_person;
    bool denies_group, allows_group;
    bool allows_some; /* it has a yes, for whomever */
};

/* May the person in? Pure. */
bool hub_access_decide(const struct hub_access_said said[HUB_ACCESS_SCOPES]);

/* --- the lists: between hub_store_begin and hub_store_end --- */

struct hub_access {
    enum hub_access_scope scope;
    char target[HUB_ID_MAX];
    bool is_group; /* subject is a group of people, else a login */
    char subject[PH_LOGIN_MAX];
    bool allows;
};

/* "printer", "group", "tenant"; static. */
const char *hub_access_scope_name(enum hub_access_scope scope);

/* Replaces what the list said of this subject. */
int hub_access_set(struct hub_store *store, const struct hub_access *access);
/* PH_ERR_NOT_FOUND when the list does not name it; allows does not matter. */
int hub_access_remove(struct hub_store *store, const struct hub_access *access);
typedef int (*hub_access_cb)(const struct hub_access *access, void *arg);
int hub_access_each(struct hub_store *store, hub_access_cb each, void *arg);

/* May this person sign in at this printer? */
int hub_access_check(struct hub_store *store, const struct hub_device *printer,
                     const struct hub_person *person, bool *out_may);

#endif
