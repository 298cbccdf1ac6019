/*
 * What the hub says to who signs in (docs/hub-api.openapi.yaml): the person and
 * the workstations with their jobs and grants. Ids and addresses are checked,
 * text is made fit for a terminal, everything has a maximum; unknown members
 * are ignored.
 */
#ifndef PRINTHOLD_STATION_HUB_MESSAGES_H
#define PRINTHOLD_STATION_HUB_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "printhold/net/address.h"
#include "messages.h"
#include "printhold/crypto/identity.h"
#include "printhold/crypto/jws.h"

#define PH_HUB_WORKSTATIONS_MAX 64
#define PH_HUB_ADDRESSES_MAX    8
#define PH_HUB_JOBS_MAX         64 /* of one workstation, as the hub tells */

struct ph_hub_job {
    char id[PH_ID_TEXT];
    char title[PH_JOB_TEXT_MAX];
    char state[PH_JOB_WORD_MAX];
    char expires[PH_JOB_WORD_MAX];
    bool confidential;
    int64_t impressions; /* -1: not known */
    int64_t copies;
};

struct ph_hub_workstation {
    char id[PH_IDENTITY_MAX];
    char host[PH_JOB_TEXT_MAX];
    char presence[PH_JOB_WORD_MAX]; /* on, off, asleep, unknown */
    char address[PH_HUB_ADDRESSES_MAX][PH_ADDRESS_MAX];
    size_t address_count;
    struct ph_hub_job job[PH_HUB_JOBS_MAX];
    size_t job_count;
    int64_t more; /* jobs that are not named */
    char grant[PH_JWS_MAX + 1];
};

struct ph_hub_answer {
    char login[PH_JOB_TEXT_MAX];
    bool registered_only; /* a badge was registered; nobody is signed in */
    char session[PH_SESSION_MAX];
    struct ph_hub_workstation *workstation;
    size_t workstation_count;
};

/* The answer to POST /v1/sign-in; free with ph_hub_answer_free. PH_ERR_SYNTAX,
 * PH_ERR_NOMEM. */
int ph_hub_answer_parse(const void *text, size_t len,
                        struct ph_hub_answer *out_answer);
/* Grants and session are wiped. */
void ph_hub_answer_free(struct ph_hub_answer *answer);

#endif
