/*
 * Settings that device management forces: on macOS a configuration profile for
 * the domain org.printhold. They count after every file.
 *
 * In the profile each section is a dictionary, and each setting a key in it:
 * text, integer, boolean (yes or no), or an array of these, which is a list
 * with blanks between. The text is what a file would have, and goes through the
 * same table; "managed preferences: section.key" stands in errors. Values that
 * are not forced, such as those of 'defaults write', do not count: anybody who
 * is an administrator for a moment could leave them there.
 *
 * The CUPS backend cannot ask (cupsd's sandbox, and one more connection for
 * each job), so what it reads is refused here and belongs into a file.
 *
 * Elsewhere than on macOS there are none.
 */
#ifndef PRINTHOLD_MODEL_CONFIG_MANAGED_H
#define PRINTHOLD_MODEL_CONFIG_MANAGED_H

#include "printhold/model/config.h"

#define PH_MANAGED_DOMAIN "org.printhold"
#define PH_MANAGED_TOKEN  "EnrolmentToken" /* top level; no setting */

struct ph_managed_value {
    const char *section;
    const char *key;  /* NULL: the section is there, but is no dictionary */
    const char *text; /* NULL: of a type or a length that no setting has */
};

/* Text lives until it returns; an error other than PH_OK ends the reading and
 * is given back. */
typedef int (*ph_managed_cb)(const struct ph_managed_value *value, void *arg);

/* Tells of every forced value in the sections that the table has. */
int ph_managed_read(ph_managed_cb take, void *arg);

/* The enrolment token that is forced; PH_ERR_NOT_FOUND when there is none,
 * PH_ERR_INVALID when it is no text or does not fit. */
int ph_managed_token(char *out_token, size_t cap);

/* Put one value in its place. PH_ERR_CONFIG; notes as ph_config_parse_noting.
 */
int ph_managed_take(struct ph_config *config,
                    const struct ph_managed_value *value,
                    const struct ph_config_notes *notes, struct ph_why *why);

#endif
