/*
 * Who this computer is for hub, broker and printers: by files that the
 * configuration names, by an enrolment (printhold/net/enrolled.h), or nobody yet.
 * One that is nobody captures and holds; it serves no printer and speaks to no
 * cloud.
 */
#ifndef PRINTHOLD_AGENT_OWN_IDENTITY_H
#define PRINTHOLD_AGENT_OWN_IDENTITY_H

#include "printhold/base/why.h"
#include "printhold/model/config.h"
#include "printhold/net/enrolled.h"

enum ph_own_identity_state {
    PH_OWN_IDENTITY_NONE,     /* text says why, and what is to be done */
    PH_OWN_IDENTITY_FILES,    /* identity.cert_file is set */
    PH_OWN_IDENTITY_ENROLLED, /* enrolled is set */
};

struct ph_own_identity {
    enum ph_own_identity_state state;
    struct ph_enrolled enrolled;
    struct ph_why text;
};

/* "none", "files", "enrolled". */
const char *ph_own_identity_word(enum ph_own_identity_state state);

/*
 * Find it, and complete the configuration by what came with the enrolment; what
 * is set there counts before it. Without an identity the cloud is off whatever
 * is set, since nobody could be told apart. Blocks on the disk.
 */
void ph_own_identity_find(struct ph_config *config,
                          struct ph_own_identity *out_identity);

#endif
