/* What the files that make up jobs.h share. */
#ifndef PRINTHOLD_AGENT_JOBS_PRIVATE_H
#define PRINTHOLD_AGENT_JOBS_PRIVATE_H

#include "file_stamp.h"
#include "jobs.h"

#include <pthread.h>
#include <sys/stat.h>

#include "printhold/model/owner_map.h"
#include "printhold/model/policy.h"
#include "printhold/model/title.h"
#include "printhold/store/catalogue.h"
#include "printhold/store/spool.h"

/* What job time is made of (jobs_clock.c). */
struct jobs_clock {
    int64_t steps_ms; /* sum of the clock's steps */
    int64_t wall_ms;  /* both clocks when last looked at */
    int64_t boot_ms;
    int64_t start_number;  /* of the computer */
    int64_t told_steps_ms; /* up to which the cloud's documents are right */
    int64_t held_ms; /* job time that was given out as a job's own, last */
};

/* Who has which login (jobs_owner.c). Under lock. */
struct jobs_owners {
    struct ph_owner_map *map; /* NULL: there is none */
    struct stat file;         /* that it came from */
    struct ph_why problem;    /* why the file of now is not in force */
    bool adopt;               /* look for jobs that can be adopted */
};

/* A capture as the quotas see it. Under lock. */
struct jobs_underway {
    struct jobs_underway *prev, *next;
    uint32_t uid;
    uint64_t bytes; /* that have come */
    bool stored;    /* the catalogue counts it now */
};

/* What was authenticated lately; jobs_verified.c. */
#define JOBS_VERIFIED_MAX 512
struct jobs_verified {
    struct ph_file_stamp stamp;
    int64_t at_ms; /* since the start of the computer */
};

/* Who was not served; jobs_news.c. */
#define JOBS_UNTAKEN_MAX 32
struct jobs_untaken {
    uint32_t uid;
    int32_t cups_job_id;
    int64_t at_ms;
    struct ph_capture_refuse refuse;
};

struct ph_jobs {
    struct ph_config config;
    struct ph_epoch_keys *keys; /* borrowed */
    struct ph_spool *spool;
    struct ph_catalogue *catalogue; /* under lock */
    pthread_mutex_t lock;
    bool reports;                              /* a cloud is configured */
    bool renews;                               /* under lock */
    struct ph_buf directory_key;               /* for user keys in topics */
    pthread_mutex_t rules_lock;                /* taken last, held for a copy */
    struct ph_rules rules;                     /* under rules_lock */
    struct ph_policy_versions policy_versions; /* under rules_lock */
    struct ph_workstation workstation;         /* under lock */
    char health[PH_WHY_MAX];                   /* under lock */
    char catalogue_note[PH_WHY_MAX];           /* under lock */
    bool is_unsound;                /* a row of the catalogue is; under lock */
    int64_t rebuilt_mono_ms;        /* under lock; 0 never */
    struct jobs_underway *captures; /* under lock */
    struct jobs_clock clock;        /* under lock */
    struct jobs_owners owners;      /* under lock */
    struct ph_buf audit_lines;      /* of the open transaction; under lock */
    int64_t audit_broken;           /* record that does not hold; under lock */
    int64_t audit_checked_ms;       /* all of it, last; under lock */
    bool audit_checked;             /* was it ever? under lock */
    struct audit_refusals refusals; /* has a lock of its own */
    struct jobs_verified verified[JOBS_VERIFIED_MAX]; /* under lock */
    size_t verified_next;                             /* under lock */
    struct jobs_untaken untaken[JOBS_UNTAKEN_MAX];    /* under lock */
    uint64_t untaken_count;                           /* ever; under lock */
    ph_jobs_changed_cb changed;
    void *changed_arg;
    ph_jobs_captured_cb captured; /* under lock */
    void *captured_arg;
};

/* A copy of a row that outlives the catalogue's callback. */
struct job_row {
    struct ph_catalogue_job row; /* job time; sealed is NULL here */
    struct ph_job_view view;     /* wall time */
};

/* --- jobs_rebuild.c --- */

/* Every taking of the lock: makes a catalogue that was met damaged anew from
 * the spool first. */
void jobs_lock(struct ph_jobs *jobs);
/* Open the catalogue, setting a damaged one aside. */
int jobs_open_catalogue(struct ph_jobs *jobs, struct ph_why *why);
/* After opening: was an earlier catalogue lost? Then remember so, durably and
 * before anything else. The lock is held. */
int jobs_note_loss(struct ph_jobs *jobs, bool *out_is_lost);
/* Drop a damaged catalogue that was kept since before then (wall time). */
void jobs_forget_damaged(struct ph_jobs *jobs, int64_t before_ms);

/* --- jobs_recover.c; lock held --- */

/* What ph_jobs_recover does, but for incoming. */
int jobs_recover(struct ph_jobs *jobs);

/* --- jobs_verified.c --- */

/* Every byte of the file has just been authenticated. */
void jobs_note_verified(struct ph_jobs *jobs, int fd);

/* --- jobs_policy.c; no lock needed --- */

/* What holds now of the policy's numbers, times in ms. */
uint64_t jobs_rule(struct ph_jobs *jobs, enum ph_policy_member member);
int64_t jobs_rule_ms(struct ph_jobs *jobs, enum ph_policy_member member);

/* --- jobs_clock.c; all with the lock held --- */

/* Once, when the catalogue is open. */
int jobs_clock_start(struct ph_jobs *jobs);
/* Job time now: what held_ms, expires_ms and the like of a row are in. */
int64_t jobs_now(struct ph_jobs *jobs);
/* The same, later than every one that was given out so: what becomes held has
 * its place in the order of all. */
int64_t jobs_held_now(struct ph_jobs *jobs);
/* From job time to wall time and back. */
int64_t jobs_wall(const struct ph_jobs *jobs, int64_t job_ms);
int64_t jobs_time(const struct ph_jobs *jobs, int64_t wall_ms);
/* Store it, for the next start. */
int jobs_clock_keep(struct ph_jobs *jobs);

/* --- jobs.c; all with the lock held --- */

/* The row, unsealed. PH_ERR_NOT_FOUND also when the asker may not see it. */
int jobs_row(struct ph_jobs *jobs, const struct ph_asker *asker,
             const struct ph_id *id, struct job_row *out_row);
/* Unseal a row. */
int jobs_view(struct ph_jobs *jobs, const struct ph_catalogue_job *row,
              struct ph_job_view *out_view);
bool jobs_may_see(struct ph_jobs *jobs, const struct ph_asker *asker,
                  const struct ph_catalogue_job *row);
/*
 * One move, with its outbox rows and its record, in one transaction. report and
 * reason go into the event; event 0 only touches the directory document.
 */
struct job_move {
    enum ph_job_state to;
    enum ph_job_state event; /* 0: none */
    const char *holder;
    int64_t lease_until_ms;                 /* job time */
    const struct ph_release_report *report; /* whatever it says */
    const char *reason;
    enum ph_audit_event audit;
    const struct ph_asker *by; /* NULL: time, or the agent itself */
    const char *recorded;      /* reason of the record; NULL: reason */
};
/* The key of a report as the catalogue has it: hashed, with its printer. */
void jobs_report_key(const struct ph_release_report *report,
                     uint8_t out_key[PH_CATALOGUE_KEY_BYTES]);
int jobs_move(struct ph_jobs *jobs, const struct job_row *row,
              const struct job_move *move);
/* The same in the open transaction, which must end with jobs_audit_commit or
 * jobs_audit_rollback. */
int jobs_move_within(struct ph_jobs *jobs, const struct job_row *row,
                     const struct job_move *move);
/* The same for a row that cannot be read; the cloud hears nothing. */
int jobs_move_unread(struct ph_jobs *jobs, const struct ph_id *id,
                     const struct job_move *move);
/* The pseudonym of a login; zeros for none, which nobody can ask for. */
int jobs_owner(struct ph_jobs *jobs, const char *login,
               uint8_t out_owner[PH_OWNER_KEY_BYTES]);
/* Note what the disk did; NULL when it works again. */
void jobs_set_health(struct ph_jobs *jobs, const char *text);

/* The document of a job that ended; no lock needed. Is it gone? */
bool jobs_remove_document(struct ph_jobs *jobs, const struct ph_id *id);

/* Is the document's digest not known yet? */
bool jobs_lacks_digest(const uint8_t sha256[PH_SHA256_BYTES]);
/* Make it known: hashes the document that is open. Without the lock; NULL opens
 * the job's own. */
int jobs_make_digest(struct ph_jobs *jobs, const struct ph_id *id,
                     struct ph_sealed_reader *reader);

/* Tell the observer; without the lock. */
void jobs_notify(struct ph_jobs *jobs);

/* --- jobs_release.c; lock held --- */

/* The row of a job that this printer has claimed; PH_ERR_STATE when another
 * has, or none. */
int jobs_claimed_row(struct ph_jobs *jobs, const struct ph_asker *asker,
                     const struct ph_id *id, const char *printer,
                     struct job_row *out_row);

/* --- jobs_choices.c; lock held --- */

/* What was chosen with the claim; none is none. */
int jobs_chosen(struct ph_jobs *jobs, const struct job_row *row,
                struct ph_release_choices *out_choices);

/* --- jobs_outbox.c; lock held, inside a transaction --- */

/* The user's document changed. */
int jobs_touch(struct ph_jobs *jobs, const char *login,
               const uint8_t owner[PH_OWNER_KEY_BYTES]);
/* Append an event's text, sealed. */
int jobs_queue_event(struct ph_jobs *jobs, const struct ph_id *id,
                     int64_t now_ms, const struct ph_buf *text);
int jobs_add_event(struct ph_jobs *jobs, const struct ph_id *job,
                   const struct ph_ticket *ticket, enum ph_job_state state,
                   const struct ph_release_report *report, const char *reason);
#define JOBS_EVENT_BYTES_MAX 65536
/* The ticket as the cloud may see it; needs no transaction. */
void jobs_apply_title_policy(struct ph_jobs *jobs, struct ph_ticket *ticket);
/* Drop and forget what is too old. Takes the lock. */
int jobs_trim_outbox(struct ph_jobs *jobs, int64_t now_ms);

/* --- jobs_audit.c; lock held but where noted --- */

#define JOBS_AUDIT_MARK_BYTES 8 /* of a mac in the log */

/* A record in the open transaction, which must end with one of the two below.
 * The times are filled in. */
int jobs_audit(struct ph_jobs *jobs, const struct ph_audit_entry *entry);
int jobs_audit_move(struct ph_jobs *jobs, const struct job_row *row,
                    const struct job_move *move);
int jobs_audit_session(struct ph_jobs *jobs, const struct ph_asker *who);
/* As those of the catalogue; the log hears of what was recorded. */
int jobs_audit_commit(struct ph_jobs *jobs);
void jobs_audit_rollback(struct ph_jobs *jobs);
/* Begin a chain if there is none. */
int jobs_audit_begin(struct ph_jobs *jobs, bool is_lost);
/* Without the lock. */
int jobs_write_refusals(struct ph_jobs *jobs, bool at_end);

/* --- jobs_audit_keep.c; without the lock --- */

/* Forget old records (job time); *out_more: there are more. */
int jobs_trim_audit(struct ph_jobs *jobs, int64_t before_ms, bool *out_more);
/* Look at all of it, if that is due. */
void jobs_check_audit(struct ph_jobs *jobs);

/* --- jobs_owner.c --- */

/* Read the map; PH_ERR_CONFIG for a bad one. Once, before others ask. */
int jobs_owners_open(struct ph_jobs *jobs, struct ph_why *why);
/* Read it again if it has changed; a bad one is noted and the one before stays
 * in force. False: it is just being written, come again. Without the lock. */
bool jobs_owners_refresh(struct ph_jobs *jobs, int64_t wall_ms);
/* The login of an account, false and empty if it has none. Lock held. */
bool jobs_login(struct ph_jobs *jobs, const char *account, char *dst,
                size_t cap);
/* Give unmapped jobs the login that their account has by now, if the map has
 * changed; adds to *out_adopted. Without the lock. */
int jobs_adopt(struct ph_jobs *jobs, size_t *out_adopted);

/* --- jobs_quota.c; lock held --- */

void jobs_underway_add(struct ph_jobs *jobs, struct jobs_underway *capture);
void jobs_underway_remove(struct ph_jobs *jobs, struct jobs_underway *capture);
/* May this person hold one more job? PH_ERR_LIMIT with the reason. */
int jobs_quota_begin(struct ph_jobs *jobs, uint32_t uid, struct ph_why *why);
/* May the capture be as long as that? Notes it, if so. */
int jobs_quota_grow(struct ph_jobs *jobs, struct jobs_underway *capture,
                    uint64_t bytes, struct ph_why *why);

/* --- jobs_captured.c; without the lock --- */

/* The job is ours now. */
void jobs_tell_captured(struct ph_jobs *jobs,
                        const struct ph_capture_begin *begin);

/* --- jobs_command.c; lock held --- */

/* When the cloud asked for a new certificate; 0: it did not. */
int64_t jobs_renewal_wanted(struct ph_jobs *jobs);

/* --- codes.c --- */

/* Forget codes that cannot be used any more, and wrong ones that do not count
 * any more. Without the lock. */
int jobs_forget_codes(struct ph_jobs *jobs, int64_t now_ms);

/* --- jobs_capture.c; lock held --- */

/* Insert the row of a complete spool file and report it as held; inside a
 * transaction. */
int jobs_insert(struct ph_jobs *jobs, const struct ph_catalogue_job *row,
                const struct ph_ticket *ticket);

#endif
