#include "jobs_answer.h"

#include "printhold/base/clock.h"
#include "printhold/base/err.h"

#define ANSWER_BYTES_MAX 8192

static int
start(struct ph_jobs *jobs, struct ph_answer_sender *sender,
      struct ph_buf *text)
{
    ph_buf_init(text, ANSWER_BYTES_MAX);
    *sender = (struct ph_answer_sender){
        .time_ms = ph_clock_wall_ms(),
        .tenant = jobs->workstation.tenant,
        .workstation = jobs->workstation.id,
        .host = jobs->workstation.host,
    };
    return ph_id_make_v7(&sender->id);
}

static int
finish(struct ph_jobs *jobs, int err, const struct ph_answer_sender *sender,
       struct ph_buf *text)
{
    if (err == PH_OK)
        err = jobs_queue_event(jobs, &sender->id, sender->time_ms, text);
    ph_buf_close(text);
    return err;
}

int
jobs_answer_policy(struct ph_jobs *jobs, const char *scope, uint64_t version,
                   const struct ph_rules *rules)
{
    struct ph_answer_sender sender;
    struct ph_buf text;
    int err;

    if (!jobs->reports)
        return PH_OK;
    err = start(jobs, &sender, &text);
    if (err == PH_OK)
        err = ph_policy_event_put(&sender, scope, version, rules, &text);
    return finish(jobs, err, &sender, &text);
}

int
jobs_answer_command(struct ph_jobs *jobs, const struct ph_command *command,
                    const struct ph_command_result *result)
{
    struct ph_answer_sender sender;
    struct ph_buf text;
    int err;

    if (!jobs->reports)
        return PH_OK;
    err = start(jobs, &sender, &text);
    if (err == PH_OK)
        err = ph_command_event_put(&sender, command, result, &text);
    return finish(jobs, err, &sender, &text);
}
