/* Answers to messages of the cloud, in the outbox; lock held, in a
 * transaction. Nothing when the cloud is off. */
#ifndef PRINTHOLD_AGENT_JOBS_ANSWER_H
#define PRINTHOLD_AGENT_JOBS_ANSWER_H

#include "jobs_private.h"
#include "printhold/proto/answer_event.h"

int jobs_answer_policy(struct ph_jobs *jobs, const char *scope,
                       uint64_t version, const struct ph_rules *rules);
int jobs_answer_command(struct ph_jobs *jobs, const struct ph_command *command,
                        const struct ph_command_result *result);

#endif
