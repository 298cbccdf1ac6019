/*
 * Control protocol, version 1: the printhold command to the agent.
 * docs/control.md is the contract.
 *
 *   command                         agent
 *   REQUEST  JSON           ------>
 *                           <------ ITEM   JSON (any number, 0 too)
 *                           <------ REPLY  JSON, ends the request
 *
 * One request at a time on a connection; the next one after the reply.
 * Frames as in frame.h. Who asks is the peer's uid as the kernel knows it and
 * never part of a message.
 *
 * Parsers refuse unknown versions (PH_ERR_UNSUPPORTED), duplicate members,
 * wrong types and over-long text; unknown members are ignored.
 */
#ifndef PRINTHOLD_PROTO_CONTROL_H
#define PRINTHOLD_PROTO_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/model/job.h"
#include "printhold/model/login.h"
#include "printhold/model/ticket.h"
#include "printhold/proto/code.h"

#define PH_CONTROL_VERSION     1
#define PH_CONTROL_REQUEST_MAX 65536 /* length of a request frame */
#define PH_CONTROL_PREFIX_MIN  4     /* hex digits that can name a job */
#define PH_CONTROL_TEXT_MAX    64
#define PH_CONTROL_HOST_MAX    256
#define PH_CONTROL_ADDRESS_MAX 8

enum ph_control_type {
    PH_CONTROL_REQUEST = 1,
    PH_CONTROL_REPLY = 2,
    PH_CONTROL_ITEM = 3,
};

enum ph_control_op {
    PH_CONTROL_JOBS,   /* an item per job, oldest first */
    PH_CONTROL_SHOW,   /* one item: the job */
    PH_CONTROL_DELETE, /* one item: the job as it was */
    PH_CONTROL_KEEP,   /* one item: the job as it is now */
    PH_CONTROL_STATUS, /* one item: the status */
    PH_CONTROL_CODE,   /* one item: a new offline code of the asker */
    /* an item (history.h) per record of the audit, oldest first */
    PH_CONTROL_HISTORY,
    PH_CONTROL_ENROL, /* one item: who this computer is now */
    PH_CONTROL_LOGIN, /* one item: who was bound to this computer */
    /* items (struct ph_control_change) as things happen to jobs, until the
     * connection ends; a reply only when it cannot be */
    PH_CONTROL_WATCH,
};

#define PH_CONTROL_SERVER_MAX 256
#define PH_CONTROL_TOKEN_MAX  64
#define PH_CONTROL_CA_MAX     16384

#define PH_CONTROL_PASSWORD_MAX 257 /* NUL included */
#define PH_CONTROL_NAME_MAX     128

/* Of the operation enrol: where the hub is, what it knows us by, and what we
 * know it by, a pin or an authority's certificates (PEM); the other is empty. */
struct ph_control_enrol {
    char server[PH_CONTROL_SERVER_MAX];
    char token[PH_CONTROL_TOKEN_MAX];
    char pin[PH_CONTROL_TEXT_MAX];
    char ca[PH_CONTROL_CA_MAX];
};

/* Of the operation login: a person's at the hub. login empty: the one of the
 * asker's account. */
struct ph_control_login {
    char login[PH_LOGIN_MAX];
    char password[PH_CONTROL_PASSWORD_MAX];
};

/* How far somebody has watched: up to this time and this record, in the agent's
 * own count. As text "TIME.RECORD". */
struct ph_control_place {
    int64_t held;
    int64_t record;
};

/* job: 4 to 32 lower-case hex digits, the start of one id, for the three
 * operations on one job; empty else. */
struct ph_control_request {
    enum ph_control_op op;
    char job[PH_ID_TEXT];
    bool all;      /* jobs, history, watch: of everybody; administrator only */
    bool ended;    /* jobs: the ended ones too */
    bool keep;     /* keep: true to keep, false to undo it */
    bool has_from; /* watch: from the place on, not from now */
    struct ph_control_place from;
    /* empty for others; wipe them after use */
    struct ph_control_enrol enrol;
    struct ph_control_login login;
};

/* err is PH_OK, or why the request failed, with the reason in words. */
struct ph_control_reply {
    int err;
    struct ph_why text;
};

/* A job as people see it. */
struct ph_control_job {
    struct ph_id id;
    enum ph_job_state state;
    int64_t held_ms;
    int64_t expires_ms;
    int64_t changed_ms;
    bool keep;
    char printer[PH_CONTROL_TEXT_MAX]; /* while claimed, else empty */
    int64_t lease_until_ms;            /* 0 unless claimed */
    char sha256[65];                   /* hex; empty: not known */
    struct ph_ticket ticket;
};

/* Where printers reach this computer. */
struct ph_control_address {
    char address[PH_CONTROL_TEXT_MAX];   /* with port */
    char interface[PH_CONTROL_TEXT_MAX]; /* empty: release.address is set */
};

/* The service as people see it. Numbers are since start where not noted. */
struct ph_control_status {
    char version[PH_CONTROL_TEXT_MAX];
    int64_t pid;
    int64_t uptime_s;
    char health[PH_CONTROL_TEXT_MAX]; /* ok, warning, error */
    char key_level[PH_CONTROL_TEXT_MAX];
    int64_t held;        /* jobs now */
    int64_t claimed;     /* jobs now */
    int64_t spool_bytes; /* now */
    int64_t spool_bytes_max;
    int64_t unmapped;                 /* held, of accounts without a login */
    int64_t your_jobs, your_jobs_max; /* of the person who asks */
    int64_t your_bytes, your_bytes_max;
    int64_t cups_waiting; /* jobs that CUPS holds for us, when last looked */
    int64_t outbox_events;
    int64_t outbox_documents;
    int64_t outbox_parked_events; /* of those: refused by the broker */
    int64_t outbox_parked_documents;
    int64_t outbox_dropped;      /* events that nobody was told, ever since */
    char spool_text[PH_WHY_MAX]; /* empty when well */
    char catalogue_text[PH_WHY_MAX]; /* it was lost, or empty */
    char audit_text[PH_WHY_MAX];     /* a record does not hold, or empty */
    char owner_text[PH_WHY_MAX];     /* of owner.map_file; empty when well */
    char cups_text[PH_WHY_MAX];      /* what CUPS does not let us, or empty */
    char cloud[PH_CONTROL_TEXT_MAX]; /* off, connecting, online */
    int64_t cloud_since_ms;          /* 0: never */
    char cloud_text[PH_WHY_MAX];     /* the last failure */
    int64_t cloud_published;         /* messages */
    int64_t cloud_refused;           /* messages, by the broker */
    char cloud_refused_text[PH_WHY_MAX]; /* what and why; empty when well */
    int64_t cloud_refused_since_ms;      /* 0: not */
    int64_t cloud_taken;                 /* messages of the cloud with effect */
    int64_t cloud_dropped;               /* wrong ones */
    char cloud_dropped_text[PH_WHY_MAX]; /* how many of them and why */
    int64_t policy_version;              /* of the organisation; 0: none */
    int64_t policy_ws_version;           /* of this workstation; 0: none */
    char policy_text[PH_WHY_MAX];        /* what they changed here */
    int64_t renewal_wanted_ms;          /* since when a new certificate is; 0 */
    char clock_text[PH_WHY_MAX];        /* the clock is behind, or empty */
    char identity[PH_CONTROL_TEXT_MAX]; /* none, files, enrolled */
    char workstation[PH_CONTROL_TEXT_MAX]; /* its id; empty: none */
    int64_t identity_until_ms;             /* of the enrolment; 0 */
    char identity_text[PH_WHY_MAX]; /* what is to be done about it, or empty */
    char release[PH_CONTROL_TEXT_MAX]; /* off, on */
    int64_t release_port;
    int64_t release_connections; /* now */
    int64_t release_pulls;       /* now */
    int64_t release_refused;
    int64_t release_denied;        /* entries of the list, now */
    char release_text[PH_WHY_MAX]; /* which file cannot be used, or empty */
    char presence[PH_CONTROL_TEXT_MAX]; /* on, asleep: what the cloud is told */
    char sleep_text[PH_WHY_MAX]; /* what the system does not let us, or empty */
    char host[PH_CONTROL_HOST_MAX];
    /* the most reachable one first */
    struct ph_control_address addresses[PH_CONTROL_ADDRESS_MAX];
    size_t address_count;
};

/* A code that was made for the asker. Wipe it after use. */
struct ph_control_code {
    char code[PH_CODE_TEXT];
    int64_t expires_ms;
    char login[PH_TICKET_TEXT_MAX];    /* whose jobs it releases */
    char computer[PH_TICKET_TEXT_MAX]; /* name of this one */
    char address[PH_CONTROL_TEXT_MAX]; /* with port; empty: none is known */
};

/* What came of an enrolment. */
struct ph_control_enrolled {
    char id[PH_CONTROL_TEXT_MAX];
    char tenant[PH_CONTROL_TEXT_MAX];
    char hub[PH_CONTROL_SERVER_MAX];
    int64_t not_after_ms;
    int64_t renew_after_ms;
};

/* Whom the hub believes this computer from now on. */
struct ph_control_bound {
    char login[PH_LOGIN_MAX];
    char name[PH_CONTROL_NAME_MAX]; /* empty: the hub knows none */
    char workstation[PH_CONTROL_TEXT_MAX];
};

/* name, keyword. What a watcher is told. */
#define PH_CONTROL_CHANGES(X)                                             \
    X(BEGUN, "begun")     /* first: from where it is watched */           \
    X(HELD, "held")       /* reason: unmapped when nobody can get it */   \
    X(PRINTED, "printed") /* at a printer; reason: kept */                \
    X(NOT_PRINTED, "not-printed") /* the printer failed; held again */    \
    X(DELETED, "deleted")         /* reason: as in the audit */           \
    X(EXPIRED, "expired")                                                 \
    X(FAILED, "failed")   /* its document is damaged; reason in words */  \
    X(REFUSED, "refused") /* not taken, text; reason: waits, cancelled */ \
    X(CLOUD, "cloud")     /* reason: off, connecting, online */

enum ph_control_change_kind {
    PH_CHANGE_OTHER, /* what a newer agent says; leave it alone */
#define PH_CONTROL_CHANGE_ENUM(name, keyword) PH_CHANGE_##name,
    PH_CONTROL_CHANGES(PH_CONTROL_CHANGE_ENUM)
#undef PH_CONTROL_CHANGE_ENUM
};

struct ph_control_change {
    enum ph_control_change_kind kind;
    struct ph_control_place place;     /* watch from here for what comes next */
    int64_t at_ms;                     /* wall time; 0: not known */
    int64_t until_ms;                  /* held: the end of its retention */
    char job[PH_ID_TEXT];              /* empty: of no job that is known */
    char title[PH_TICKET_TITLE_MAX];   /* as the title policy shows it */
    char printer[PH_CONTROL_TEXT_MAX]; /* id of the printer, or empty */
    char reason[PH_CONTROL_TEXT_MAX];
    char text[PH_WHY_MAX]; /* a sentence, or empty */
};

/* Is text 4 to 32 lower-case hex digits? */
bool ph_control_is_job_name(const char *text);

/* Bodies. The put functions replace buf. */
int ph_control_request_put(const struct ph_control_request *request,
                           struct ph_buf *buf);
int ph_control_request_parse(const void *body, size_t len,
                             struct ph_control_request *out_request,
                             struct ph_why *why);
int ph_control_reply_put(const struct ph_control_reply *reply,
                         struct ph_buf *buf);
int ph_control_reply_parse(const void *body, size_t len,
                           struct ph_control_reply *out_reply);
int ph_control_job_put(const struct ph_control_job *job, struct ph_buf *buf);
int ph_control_job_parse(const void *body, size_t len,
                         struct ph_control_job *out_job);
int ph_control_status_put(const struct ph_control_status *status,
                          struct ph_buf *buf);
int ph_control_status_parse(const void *body, size_t len,
                            struct ph_control_status *out_status);

int ph_control_enrolled_put(const struct ph_control_enrolled *enrolled,
                            struct ph_buf *buf);
int ph_control_enrolled_parse(const void *body, size_t len,
                              struct ph_control_enrolled *out_enrolled);

int ph_control_bound_put(const struct ph_control_bound *bound,
                         struct ph_buf *buf);
int ph_control_bound_parse(const void *body, size_t len,
                           struct ph_control_bound *out_bound);

/* PH_CHANGE_OTHER cannot be put: PH_ERR_INVALID. */
int ph_control_change_put(const struct ph_control_change *change,
                          struct ph_buf *buf);
int ph_control_change_parse(const void *body, size_t len,
                            struct ph_control_change *out_change);

int ph_control_code_put(const struct ph_control_code *code, struct ph_buf *buf);
/* PH_ERR_SYNTAX also for what is no code. */
int ph_control_code_parse(const void *body, size_t len,
                          struct ph_control_code *out_code);

#endif
