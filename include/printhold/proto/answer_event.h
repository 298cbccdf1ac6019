/*
 * What a workstation answers to messages of the cloud: events beside those of
 * jobs (event.h), on the same topic.
 *
 *   org.printhold.command.done.v1      a command was carried out
 *   org.printhold.command.refused.v1   a signed command was not, and why
 *   org.printhold.policy.applied.v1    a policy is in force now
 *
 * The subject is the workstation. data of a command has cause (its jti), op,
 * reason of a refusal, and numbers of what was done; of a policy scope (tenant,
 * workstation), ver, and clamped: the members that hold otherwise than it says.
 */
#ifndef PRINTHOLD_PROTO_ANSWER_EVENT_H
#define PRINTHOLD_PROTO_ANSWER_EVENT_H

#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/model/policy.h"
#include "printhold/proto/command.h"

struct ph_answer_sender {
    struct ph_id id; /* of the event: ph_id_make_v7 */
    int64_t time_ms;
    const char *tenant;
    const char *workstation;
    const char *host;
};

/* Numbers below 0: it has none of that kind. */
struct ph_command_result {
    const char *refused; /* NULL: done; a keyword */
    int64_t deleted;     /* jobs */
    int64_t not_found;   /* that were named, but are not here, or have ended */
    int64_t busy;        /* that a printer has just now */
    int64_t history;     /* jobs that had ended, and are forgotten */
    int64_t codes;       /* offline codes */
    int64_t events;      /* that had not been sent, and are gone */
    int64_t documents;   /* directory documents to be published */
    struct ph_id busy_job[PH_COMMAND_JOBS_MAX]; /* the first of them */
    size_t busy_named;
};

/* The counts that it has and the busy jobs, added to an object. */
struct json_t;
int ph_command_result_put(const struct ph_command_result *result,
                          struct json_t *object);

/* JSON text, replaces buf. */
int ph_command_event_put(const struct ph_answer_sender *sender,
                         const struct ph_command *command,
                         const struct ph_command_result *result,
                         struct ph_buf *buf);
int ph_policy_event_put(const struct ph_answer_sender *sender,
                        const char *scope, uint64_t version,
                        const struct ph_rules *rules, struct ph_buf *buf);

#endif
