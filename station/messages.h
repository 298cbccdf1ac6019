/*
 * What the workstation says, read from the JSON of its answers
 * (docs/release-api.md). Job ids are checked before they become file names,
 * text is made fit for a terminal, everything has a maximum. Unknown members
 * are ignored: a newer workstation may say more.
 */
#ifndef PRINTHOLD_STATION_MESSAGES_H
#define PRINTHOLD_STATION_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/proto/json.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/net/reply_headers.h"

#define PH_MESSAGE_MAX  (4 * 1024 * 1024) /* bytes of one answer */
#define PH_JOBS_MAX     8192              /* of one list */
#define PH_SESSION_MAX  256
#define PH_JOB_TEXT_MAX 512
#define PH_JOB_WORD_MAX 64

/* Unknown text is empty, unknown numbers are -1. */
struct ph_station_job {
    char id[PH_ID_TEXT];
    char state[PH_JOB_WORD_MAX];
    char title[PH_JOB_TEXT_MAX];
    char format[PH_JOB_WORD_MAX]; /* media type */
    char submitted[PH_JOB_WORD_MAX];
    char expires[PH_JOB_WORD_MAX];
    char sides[PH_JOB_WORD_MAX];
    char color_mode[PH_JOB_WORD_MAX];
    char media[PH_JOB_WORD_MAX];
    char holder[PH_JOB_WORD_MAX]; /* printer that has claimed it */
    int64_t size;                 /* bytes */
    int64_t impressions;
    int64_t copies;
    bool has_sha256;
    uint8_t sha256[PH_REPLY_SHA256_BYTES];
};

struct ph_station_jobs {
    struct ph_station_job *job;
    size_t count;
    bool more; /* there are others that did not fit into the answer */
};

/* Can it be a session, and stand in a header? */
bool ph_messages_is_token(const char *text);

/* The answer to POST /v1/sessions. PH_ERR_SYNTAX. */
int ph_messages_session(const void *text, size_t len,
                        char out_session[PH_SESSION_MAX]);

/* The answer to GET /v1/jobs; free with ph_messages_free_jobs. */
int ph_messages_jobs(const void *text, size_t len,
                     struct ph_station_jobs *out_jobs);
void ph_messages_free_jobs(struct ph_station_jobs *jobs);

/* The sentence of a problem document (RFC 9457); PH_ERR_SYNTAX when there is
 * none to be had. */
int ph_messages_problem(const void *text, size_t len, struct ph_why *out_why);

/* Text for people: absent or unfit is empty, never a reason to lose the job. */
void ph_message_text(const json_t *object, const char *name, char *dst,
                     size_t cap);
/* A whole number of 0 or more; -1 when there is none. */
int64_t ph_message_number(const json_t *object, const char *name);

#endif
