/* printhold-station enrol and renew, and the identity that comes of it. */
#ifndef PRINTHOLD_STATION_ENROL_COMMAND_H
#define PRINTHOLD_STATION_ENROL_COMMAND_H

#include "options.h"
#include "printhold/net/enrolled.h"

/* Errors as commands.h. */
int ph_enrol_command(const struct ph_options *options);
int ph_renew_command(const struct ph_options *options);

/*
 * Unless files were given by hand, certificate, key, CA and hub of options
 * become those of the enrolment; the texts are in storage. One that should be
 * renewed is renewed first; when that fails, that is told and it goes on with
 * the old one for as long as it is good.
 */
int ph_enrol_use(struct ph_options *options, struct ph_enrolled *storage,
                 struct ph_why *why);

#endif
