/* What the files that carry out commands share; lock held, in a transaction. */
#ifndef PRINTHOLD_AGENT_JOBS_COMMAND_H
#define PRINTHOLD_AGENT_JOBS_COMMAND_H

#include "jobs_private.h"

/* Jobs of which the documents go when all is durable. */
struct jobs_gone {
    struct ph_id *ids;
    size_t count;
    size_t cap;
};

int jobs_gone_add(struct jobs_gone *gone, const struct ph_id *id);

/* Held jobs of a login, and those that a printer has; the caller frees both. */
int jobs_of_login(struct ph_jobs *jobs, const uint8_t owner[PH_OWNER_KEY_BYTES],
                  struct jobs_gone *held, struct jobs_gone *busy);
void jobs_note_busy(const struct jobs_gone *busy,
                    struct ph_command_result *result);

/* jobs_purge.c: everything of one person that may be forgotten. */
int jobs_purge(struct ph_jobs *jobs, const char *login,
               struct ph_command_result *result, struct jobs_gone *gone);

#endif
