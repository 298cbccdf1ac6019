/*
 * What printhold support-bundle gives away, by a list of what may be in it:
 * numbers, keywords, versions, modes and the paths of our own files. Never a
 * title, a login, a name of a person, computer, printer or host, an address, a
 * token or a key; of a setting that is text only whether it is set.
 */
#ifndef PRINTHOLD_CLI_BUNDLE_H
#define PRINTHOLD_CLI_BUNDLE_H

#include "doctor.h"
#include "printhold/proto/json.h"

/* The documents of the archive. The caller's to release; NULL: no memory. */
json_t *ph_bundle_doctor(const struct ph_doctor *doctor);
json_t *ph_bundle_status(const struct ph_doctor *doctor);
json_t *ph_bundle_settings(const struct ph_config *config,
                           const struct ph_config_origin *origins);
json_t *ph_bundle_system(const struct ph_doctor *doctor);

#endif
