/*
 * The catalogue: one SQLite file that knows every job of this workstation,
 * the grants that were used and what the cloud still has to hear.
 *
 * Invariants
 *  - Write-ahead log with synchronous=FULL and secure_delete, checked when it
 *    is opened: a transaction that was committed survives a power cut
 *    (SQLite, "PRAGMA synchronous").
 *  - In clear stand only ids, states, times and sizes. Titles, names and
 *    options are sealed by the caller (epoch_keys.h) before they come here.
 *  - A job's state changes only by ph_catalogue_move, along the table of
 *    model/job.h.
 *  - Times of jobs are job time (agent/jobs/jobs_clock.c), the caller's business.
 *  - It can be rebuilt from the spool; nothing is only here but history.
 *
 * Not safe to share between threads without a lock; agent/jobs/jobs.c has it. All
 * functions block. SQLite's errors become PH_ERR_*: full disk
 * PH_ERR_NO_SPACE, a file that is no database PH_ERR_CORRUPT, else PH_ERR_IO.
 */
#ifndef PRINTHOLD_STORE_CATALOGUE_H
#define PRINTHOLD_STORE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/model/job.h"

#define PH_CATALOGUE_WORD_MAX 64

struct ph_catalogue;

/* A row. The sealed bytes belong to the caller when inserting, and to the
 * catalogue (until the callback or the next call returns) when reading. */
struct ph_catalogue_job {
    struct ph_id id;
    struct ph_id epoch;
    uint32_t uid;
    uint8_t owner[PH_OWNER_KEY_BYTES]; /* zeros: of no login, unmapped */
    enum ph_job_state state;
    int64_t held_ms;
    int64_t expires_ms;
    int64_t changed_ms;
    bool keep;
    bool acknowledged; /* the backend knew of the commit */
    uint64_t size_bytes;
    uint32_t sequence;                    /* of the newest metadata record */
    char job_uuid[PH_CATALOGUE_WORD_MAX]; /* of the CUPS job */
    int64_t attempt_s; /* when cupsd began to process it; -1 unknown */
    uint32_t ordinal;  /* which document of that attempt; set by _insert */
    char holder[PH_CATALOGUE_WORD_MAX]; /* printer that has the lease */
    int64_t lease_until_ms;
    char released_by[PH_CATALOGUE_WORD_MAX]; /* printer of the last release */
    uint8_t sha256[32]; /* of the document; zeros: not known yet */
    const void *sealed; /* ticket */
    size_t sealed_len;
};

/* Open or make the file (mode 0600) in the directory, and look through it:
 * PH_ERR_CORRUPT when it is damaged or no catalogue. */
int ph_catalogue_open(const char *path, struct ph_catalogue **out_catalogue,
                      struct ph_why *why);
void ph_catalogue_close(struct ph_catalogue *catalogue);

/* Did SQLite meet damage in it since it was opened? */
bool ph_catalogue_is_damaged(struct ph_catalogue *catalogue);

/*
 * A damaged catalogue is kept for a look, as "<path>.damaged" and its log as
 * "<path>.damaged-wal" (mode 0600; sealed rows, as ever); the one that was kept
 * before goes. Then nothing is at path any more.
 */
int ph_catalogue_set_aside(const char *path);
/* Is one kept? Drops one that was set aside before the given time. */
bool ph_catalogue_has_damaged(const char *path, int64_t before_ms);

/* Transactions. A failed commit is rolled back. _rollback is harmless when
 * none is open, so it can stand at an out: label. */
int ph_catalogue_begin(struct ph_catalogue *catalogue);
/* One whose commit alone need not survive a power cut (a crash of the program
 * it does): the next ordinary commit makes it durable too. For rows that the
 * next start makes again from the spool. */
int ph_catalogue_begin_unsynced(struct ph_catalogue *catalogue);
int ph_catalogue_commit(struct ph_catalogue *catalogue);
void ph_catalogue_rollback(struct ph_catalogue *catalogue);

/* --- jobs --- */

/* PH_ERR_STATE unless the table lets a received job become what the row says:
 * held. */
int ph_catalogue_insert(struct ph_catalogue *catalogue,
                        const struct ph_catalogue_job *job);

/* Return false to stop. */
typedef bool (*ph_catalogue_each_cb)(const struct ph_catalogue_job *job,
                                     void *arg);

/* PH_ERR_NOT_FOUND; the callback is called at most once. */
int ph_catalogue_get(struct ph_catalogue *catalogue, const struct ph_id *id,
                     ph_catalogue_each_cb each, void *arg);

/* A place in the order of a list. */
struct ph_catalogue_place {
    int64_t held_ms;
    struct ph_id id;
};

/* Whose jobs; the first that is set counts, none means everyone's. */
struct ph_catalogue_filter {
    const uint8_t *owner; /* PH_OWNER_KEY_BYTES */
    bool by_uid;
    uint32_t uid;
    bool ended;        /* the ended ones too, not only held and claimed */
    bool newest_first; /* else oldest first */
    uint32_t limit;    /* 0: all */
    /* Oldest first: only what comes behind this place; NULL: from the start */
    const struct ph_catalogue_place *after;
};
int ph_catalogue_list(struct ph_catalogue *catalogue,
                      const struct ph_catalogue_filter *filter,
                      ph_catalogue_each_cb each, void *arg);

/* Jobs of every state with an id from first to last. */
int ph_catalogue_find(struct ph_catalogue *catalogue, const struct ph_id *first,
                      const struct ph_id *last, ph_catalogue_each_cb each,
                      void *arg);

/* Id and state of every job, without reading the rows: fast. */
typedef bool (*ph_catalogue_state_cb)(const struct ph_id *id,
                                      enum ph_job_state state, void *arg);
int ph_catalogue_each_state(struct ph_catalogue *catalogue,
                            ph_catalogue_state_cb each, void *arg);

/* Held jobs whose retention ended at or before now. A claimed one is being
 * printed: it is due when its lease has ended. */
int ph_catalogue_expired(struct ph_catalogue *catalogue, int64_t now_ms,
                         ph_catalogue_each_cb each, void *arg);
/* Jobs whose lease ended at or before now. */
int ph_catalogue_leases_over(struct ph_catalogue *catalogue, int64_t now_ms,
                             ph_catalogue_each_cb each, void *arg);
/* The earliest end of a held job's retention or of a lease; INT64_MAX when
 * there is none. */
int ph_catalogue_next_due(struct ph_catalogue *catalogue, int64_t *out_ms);

/*
 * The job that this document is already, when CUPS sends it again: the next
 * document of this attempt has the ordinal of one that an earlier attempt at
 * the same CUPS job brought (docs/capture.md, "Repeats"). Without an attempt
 * (-1) the content decides, among unacknowledged jobs. A job that ended and
 * was acknowledged does not count: that is a person printing again.
 * PH_ERR_NOT_FOUND is the normal answer.
 */
int ph_catalogue_find_repeat(struct ph_catalogue *catalogue,
                             const char *job_uuid, int64_t attempt_s,
                             const uint8_t sha256[32], struct ph_id *out_id);
/* The job was brought again by this attempt. */
int ph_catalogue_set_attempt(struct ph_catalogue *catalogue,
                             const struct ph_id *id, int64_t attempt_s);

/* Change the state. PH_ERR_STATE when the table forbids it. holder and
 * lease_until_ms are set for PH_JOB_CLAIMED and cleared otherwise. A claimed
 * job may be "moved" to claimed again by its holder: that renews the lease. */
int ph_catalogue_move(struct ph_catalogue *catalogue, const struct ph_id *id,
                      enum ph_job_state to, int64_t now_ms, const char *holder,
                      int64_t lease_until_ms);
int ph_catalogue_set_keep(struct ph_catalogue *catalogue,
                          const struct ph_id *id, bool keep, int64_t now_ms);
int ph_catalogue_set_sha256(struct ph_catalogue *catalogue,
                            const struct ph_id *id, const uint8_t sha256[32]);
int ph_catalogue_set_released_by(struct ph_catalogue *catalogue,
                                 const struct ph_id *id, const char *printer);
int ph_catalogue_set_acknowledged(struct ph_catalogue *catalogue,
                                  const struct ph_id *id);
/* Ended jobs that changed before the given time, oldest first. */
int ph_catalogue_ended_before(struct ph_catalogue *catalogue, int64_t before_ms,
                              ph_catalogue_each_cb each, void *arg);
/* Forget an ended job; others stay. Its file must have gone before: a file
 * without a row is taken for a job that is not catalogued yet. */
int ph_catalogue_forget(struct ph_catalogue *catalogue, const struct ph_id *id);

/*
 * One person's memory ends: ended jobs are due to be forgotten now, however young
 * (their files must go before their rows, so this only marks them); offline codes
 * of the accounts that had jobs of this login go. *out_count: how many.
 */
int ph_catalogue_end_history(struct ph_catalogue *catalogue,
                             const uint8_t owner[PH_OWNER_KEY_BYTES],
                             uint64_t *out_count);
int ph_catalogue_forget_codes_of(struct ph_catalogue *catalogue,
                                 const uint8_t owner[PH_OWNER_KEY_BYTES],
                                 uint64_t *out_count);

/* Is anything of this epoch still here: a job, an ended one, an event? */
int ph_catalogue_epoch_in_use(struct ph_catalogue *catalogue,
                              const struct ph_id *epoch, bool *out_in_use);

struct ph_catalogue_totals {
    uint64_t held;
    uint64_t claimed;
    uint64_t bytes;     /* of held and claimed */
    uint64_t unmapped;  /* held and claimed, of no login */
    uint64_t events;    /* not acknowledged */
    uint64_t documents; /* not acknowledged */
};
int ph_catalogue_totals(struct ph_catalogue *catalogue,
                        struct ph_catalogue_totals *out_totals);
/* What held and claimed jobs use, of one person and of all. No jobs are read for
 * it: the cost does not grow with their number. */
struct ph_catalogue_usage {
    uint64_t jobs;
    uint64_t bytes;
};
int ph_catalogue_used_by(struct ph_catalogue *catalogue, uint32_t uid,
                         struct ph_catalogue_usage *out_usage);
int ph_catalogue_used_by_all(struct ph_catalogue *catalogue,
                             struct ph_catalogue_usage *out_usage);

/* How many held and claimed jobs a login has, and when the last of them ends (0
 * without any); reads an index only. */
int ph_catalogue_owned(struct ph_catalogue *catalogue,
                       const uint8_t owner[PH_OWNER_KEY_BYTES],
                       uint64_t *out_count, int64_t *out_last_ms);

/* The job has a login now: owner, and the ticket that says so. */
int ph_catalogue_set_owner(struct ph_catalogue *catalogue,
                           const struct ph_id *id,
                           const uint8_t owner[PH_OWNER_KEY_BYTES],
                           uint32_t sequence, const void *sealed, size_t len);

/*
 * Carry the write-ahead log into the database and cut it to nothing: what was
 * deleted is then in neither (secure_delete has overwritten it in the
 * database). Closing the catalogue does the same.
 */
int ph_catalogue_truncate_log(struct ph_catalogue *catalogue);

/* --- reports of printers --- */

#define PH_CATALOGUE_KEY_BYTES 32

/* Inside the transaction of the move that the report made. */
int ph_catalogue_completed_add(struct ph_catalogue *catalogue,
                               const struct ph_id *job,
                               const uint8_t key[PH_CATALOGUE_KEY_BYTES],
                               const char *result);
/* PH_ERR_NOT_FOUND for a key that is new. */
int ph_catalogue_completed_get(struct ph_catalogue *catalogue,
                               const struct ph_id *job,
                               const uint8_t key[PH_CATALOGUE_KEY_BYTES],
                               char *out_result, size_t cap);

/* What was chosen at the printer that has claimed the job, sealed by the
 * caller. Forgotten when the job is claimed anew. Durable by itself. */
int ph_catalogue_chosen_set(struct ph_catalogue *catalogue,
                            const struct ph_id *job, const void *sealed,
                            size_t len);
/* PH_ERR_NOT_FOUND when nothing was. out_sealed is the caller's, replaced. */
int ph_catalogue_chosen_get(struct ph_catalogue *catalogue,
                            const struct ph_id *job, struct ph_buf *out_sealed);

/* --- grants and the clock --- */

/* Durable by itself. PH_ERR_EXISTS for a jti that is known, and for a grant
 * issued before our memory begins (ph_catalogue_begin_again). Forgets the ones
 * that expired before now. */
int ph_catalogue_use_grant(struct ph_catalogue *catalogue, const char *jti,
                           int64_t issued_ms, int64_t exp_ms, int64_t now_ms);
/* Was nothing ever done with it (high water, _begin_again)? */
int ph_catalogue_is_new(struct ph_catalogue *catalogue, bool *out_is_new);
/*
 * An earlier catalogue was lost, or the end of it. Grants that were issued up
 * to grants_from_ms may have been used; revisions of documents go on above all
 * that were given; the clock was not behind now.
 */
int ph_catalogue_begin_again(struct ph_catalogue *catalogue,
                             int64_t grants_from_ms, int64_t now_ms);
/* The highest time ever given, before and including this call. */
int ph_catalogue_high_water(struct ph_catalogue *catalogue, int64_t now_ms,
                            int64_t *out_high_ms);

/* A number that is remembered by name; PH_ERR_NOT_FOUND. */
int ph_catalogue_number(struct ph_catalogue *catalogue, const char *name,
                        int64_t *out_value);
int ph_catalogue_set_number(struct ph_catalogue *catalogue, const char *name,
                            int64_t value);

/* --- outbox --- */

#define PH_OUTBOX_EVENTS_MAX 10000
#define PH_OUTBOX_DROPPED    "events_dropped" /* ph_catalogue_number */

/* The user's directory document changed: a new revision is due. Inside the
 * transaction of the change, after it. */
int ph_catalogue_touch_document(struct ph_catalogue *catalogue, const char *uk,
                                const uint8_t owner[PH_OWNER_KEY_BYTES]);
/* All documents are due again under a new revision, parked ones too. */
int ph_catalogue_touch_all(struct ph_catalogue *catalogue);
/* Due ones in the order of their revisions, without those that are parked. */
typedef bool (*ph_catalogue_document_cb)(
    const char *uk, const uint8_t owner[PH_OWNER_KEY_BYTES], uint64_t rev,
    void *arg);
int ph_catalogue_due_documents(struct ph_catalogue *catalogue,
                               ph_catalogue_document_cb each, void *arg);
/* Acknowledged up to rev. */
int ph_catalogue_document_acked(struct ph_catalogue *catalogue, const char *uk,
                                uint64_t rev);
/* The broker refuses this revision: not due before _unpark or a newer one. */
int ph_catalogue_document_parked(struct ph_catalogue *catalogue, const char *uk,
                                 uint64_t rev, uint8_t reason);
int ph_catalogue_unpark_documents(struct ph_catalogue *catalogue);
/* Forget acknowledged documents of users without jobs, once the last job that
 * they ever named would have ended: until then a broker that was set back may
 * have one, and it is deleted there again with each _touch_all. */
int ph_catalogue_forget_documents(struct ph_catalogue *catalogue,
                                  int64_t now_ms);

/* What the broker does not hear, or does not want to. */
struct ph_catalogue_untold {
    uint64_t parked_events;
    uint64_t parked_documents;
    uint8_t reason;   /* one of the broker's reasons; 0 */
    uint64_t dropped; /* events that nobody will hear of, ever since */
};
int ph_catalogue_untold(struct ph_catalogue *catalogue,
                        struct ph_catalogue_untold *out_untold);

/* Append a sealed event; beyond PH_OUTBOX_EVENTS_MAX the oldest go, and those
 * that nobody has acknowledged are counted (PH_OUTBOX_DROPPED). Inside the
 * transaction of the change. */
int ph_catalogue_add_event(struct ph_catalogue *catalogue,
                           const struct ph_id *epoch, const struct ph_id *id,
                           int64_t now_ms, const void *sealed, size_t len);
/* Due events above a number, in order; and those that were parked and are to be
 * tried again. */
typedef bool (*ph_catalogue_event_cb)(uint64_t seq, const struct ph_id *epoch,
                                      const struct ph_id *id,
                                      const void *sealed, size_t len,
                                      void *arg);
int ph_catalogue_due_events(struct ph_catalogue *catalogue, uint64_t after,
                            uint32_t limit, ph_catalogue_event_cb each,
                            void *arg);
int ph_catalogue_due_again(struct ph_catalogue *catalogue, uint64_t after,
                           uint32_t limit, ph_catalogue_event_cb each,
                           void *arg);
/* Every one, said and parked ones too; and one that is wanted gone, which is no
 * loss to be counted. */
int ph_catalogue_every_event(struct ph_catalogue *catalogue, uint64_t after,
                             uint32_t limit, ph_catalogue_event_cb each,
                             void *arg);
int ph_catalogue_forget_event(struct ph_catalogue *catalogue, uint64_t seq);
/* Acknowledged: kept until _trim_events, in case the broker forgets it. */
int ph_catalogue_event_acked(struct ph_catalogue *catalogue, uint64_t seq,
                             int64_t now_ms);
int ph_catalogue_event_parked(struct ph_catalogue *catalogue, uint64_t seq,
                              uint8_t reason);
/* All that are parked are to be tried again. */
int ph_catalogue_unpark_events(struct ph_catalogue *catalogue);
/* Nobody can read it any more: gone and counted. */
int ph_catalogue_event_lost(struct ph_catalogue *catalogue, uint64_t seq);
/* What was acknowledged since then is due once more. */
int ph_catalogue_events_anew(struct ph_catalogue *catalogue, int64_t said_ms);
/* Forget what was acknowledged before said_ms; drop, and count, what was made
 * before old_ms. Inside a transaction. */
int ph_catalogue_trim_events(struct ph_catalogue *catalogue, int64_t old_ms,
                             int64_t said_ms);

#endif
