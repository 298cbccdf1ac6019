/*
 * The jobs of this workstation: spool files, catalogue rows and outbox rows,
 * changed together. Every move of a job goes through here.
 *
 * All functions are safe to call from any thread and may block on the disk:
 * call them from uv_queue_work, not from a loop. The catalogue is behind one
 * mutex that is never held during bulk I/O, but at start (ph_jobs_recover),
 * when nobody waits for it.
 *
 * Who may see a job is part of every question (struct ph_asker): a job of
 * someone else answers exactly like a job that does not exist.
 */
#ifndef PRINTHOLD_AGENT_JOBS_H
#define PRINTHOLD_AGENT_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "audit_refusals.h"
#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/crypto/sealed_file.h"
#include "printhold/model/config.h"
#include "printhold/model/job.h"
#include "printhold/model/policy.h"
#include "printhold/model/ticket.h"
#include "printhold/proto/answer_event.h"
#include "printhold/proto/capture.h"
#include "printhold/proto/command.h"
#include "printhold/proto/control.h"
#include "printhold/proto/event.h"

struct ph_jobs;

#define PH_HOLDER_MAX 64

struct ph_job_view {
    struct ph_id id;
    enum ph_job_state state;
    int64_t held_ms; /* when it became visible */
    int64_t expires_ms;
    int64_t changed_ms;
    bool keep; /* not deleted after a release */
    uint64_t size_bytes;
    char holder[PH_HOLDER_MAX]; /* printer id while claimed, else empty */
    int64_t lease_until_ms;
    struct ph_ticket ticket;
    uint8_t sha256[PH_SHA256_BYTES]; /* of the document; zeros: not yet */
};

/* Who asks. Exactly one of the three. */
struct ph_asker {
    bool everyone; /* the administrator (uid 0) */
    bool by_uid;   /* a local person, owner_uid below */
    uint32_t owner_uid;
    const char *login; /* a person at a printer, else NULL */
    /* For the audit, with login: which printer, and how they signed in. */
    const char *printer;
    const char *amr;
};

/* This workstation, as documents and events show it. Text is copied. */
struct ph_workstation {
    char tenant[32];
    char id[64]; /* ws-... */
    char host[256];
    char pin[64];
    char address[8][64];   /* with port, in the order of interface_address.h */
    char interface[8][32]; /* of the address; empty: release.address is set */
    size_t address_count;
};

/* Open or make the spool directories and the catalogue; keys are borrowed. */
int ph_jobs_open(const struct ph_config *config, struct ph_epoch_keys *keys,
                 struct ph_jobs **out_jobs, struct ph_why *why);
void ph_jobs_close(struct ph_jobs *jobs);

/* Make spool and catalogue agree after a crash. Once, at start, after
 * ph_jobs_set_workstation and before anything else. */
int ph_jobs_recover(struct ph_jobs *jobs, struct ph_why *why);

/* Called, from any thread, after a change that the cloud should hear of. */
typedef void (*ph_jobs_changed_cb)(void *arg);
void ph_jobs_on_change(struct ph_jobs *jobs, ph_jobs_changed_cb changed,
                       void *arg);

/* Called, from any thread, when CUPS's own copies of a job are not needed any
 * more, and by ph_jobs_each_captured for the newest of those that are held; there
 * under the lock. */
typedef void (*ph_jobs_captured_cb)(void *arg, int32_t cups_job_id,
                                    const char *job_uuid);
void ph_jobs_on_captured(struct ph_jobs *jobs, ph_jobs_captured_cb captured,
                         void *arg);
int ph_jobs_each_captured(struct ph_jobs *jobs, uint32_t newest,
                          ph_jobs_captured_cb captured, void *arg);

/* --- capture --- */

struct ph_capture; /* one job being received */

/* Check quotas and make the spool file. *out_fd is a write-only descriptor
 * for the backend (caller closes); the secret is for it too. On refusal
 * out_refuse says what the backend shall do. */
int ph_jobs_begin(struct ph_jobs *jobs, const struct ph_capture_begin *begin,
                  struct ph_capture **out_capture,
                  struct ph_sealed_secret *out_secret, int *out_fd,
                  struct ph_capture_refuse *out_refuse);
/* The backend has written up to this file offset: verify what is there, and
 * see that it may be so long. On refusal the capture must be aborted. */
int ph_jobs_progress(struct ph_capture *capture, uint64_t offset,
                     struct ph_capture_refuse *out_refuse);
/* Verify the rest, append the ticket, make the job visible and durable. The
 * capture is consumed whatever happens. */
int ph_jobs_commit(struct ph_capture *capture, struct ph_ticket *ticket,
                   struct ph_id *out_job, struct ph_capture_refuse *out_refuse);
/* The backend knows of the commit and ends. Hashes a long document. */
int ph_jobs_acknowledged(struct ph_jobs *jobs, const struct ph_id *job);
void ph_jobs_abort(struct ph_capture *capture);

/* --- questions and moves of people --- */

/* Held and claimed jobs, oldest first. The callback returns false to stop; it
 * runs under the lock and must not call anything of this header. */
typedef bool (*ph_jobs_each_cb)(const struct ph_job_view *view, void *arg);
int ph_jobs_list(struct ph_jobs *jobs, const struct ph_asker *asker,
                 ph_jobs_each_cb each, void *arg);
/* A place in the order of a list; zeros: its start. */
struct ph_jobs_place {
    int64_t held_ms;
    struct ph_id id;
    bool inside;
};
/* The same in pieces, from the place on, which moves along behind the last job
 * that was given out; with the ended jobs that are still remembered, too, if
 * wanted. *out_end: there are no more. */
int ph_jobs_page(struct ph_jobs *jobs, const struct ph_asker *asker, bool ended,
                 struct ph_jobs_place *place, ph_jobs_each_cb each, void *arg,
                 bool *out_end);
/* The one job whose id starts with these hex digits (1 to 32): a live one before
 * one that has ended. PH_ERR_LIMIT when there are several. */
int ph_jobs_find(struct ph_jobs *jobs, const struct ph_asker *asker,
                 const char *digits, struct ph_id *out_id);
int ph_jobs_get(struct ph_jobs *jobs, const struct ph_asker *asker,
                const struct ph_id *id, struct ph_job_view *out_view);
/* The login of an account as capture makes it (owner.h). PH_ERR_NOT_FOUND. */
int ph_jobs_login_of(struct ph_jobs *jobs, uint32_t uid,
                     char out_login[PH_TICKET_TEXT_MAX], struct ph_why *why);
/* PH_ERR_BUSY while a printer holds it. */
int ph_jobs_delete(struct ph_jobs *jobs, const struct ph_asker *asker,
                   const struct ph_id *id, struct ph_why *why);
int ph_jobs_keep(struct ph_jobs *jobs, const struct ph_asker *asker,
                 const struct ph_id *id, bool keep, struct ph_why *why);

/* --- release (asker is by login) --- */

/* Remember a grant's jti durably until exp; PH_ERR_EXISTS when it was used, or
 * when it was issued before the memory of used grants begins (a catalogue was
 * lost). In the same moment becomes the session a record of the audit. */
int ph_jobs_use_grant(struct ph_jobs *jobs, const struct ph_asker *who,
                      const char *jti, int64_t issued_ms, int64_t exp_ms);
/* A session that came about otherwise, by itself. */
int ph_jobs_note_session(struct ph_jobs *jobs, const struct ph_asker *who);

/* Highest wall time ever stored: a clock that fell behind it by more than the
 * leeway must not accept grants. Also stores now. */
int ph_jobs_high_water(struct ph_jobs *jobs, int64_t now_ms,
                       int64_t *out_high_ms);

/* held -> claimed by printer until now + lease; again by the same printer
 * renews. PH_ERR_BUSY (view tells who and until when) for another printer. */
int ph_jobs_claim(struct ph_jobs *jobs, const struct ph_asker *asker,
                  const struct ph_id *id, const char *printer,
                  struct ph_job_view *out_view);
/* What a person chose at the printer that has claimed the job: kept with the
 * claim, and part of its report unless that says otherwise. choices may be
 * NULL: only tell what was. PH_ERR_STATE when the claim is not this printer's.
 * The caller has checked them against the ticket. */
int ph_jobs_choose(struct ph_jobs *jobs, const struct ph_asker *asker,
                   const struct ph_id *id, const char *printer,
                   const struct ph_release_choices *choices,
                   struct ph_release_choices *out_choices);
/* claimed -> held. */
int ph_jobs_unclaim(struct ph_jobs *jobs, const struct ph_asker *asker,
                    const struct ph_id *id, const char *printer);
/* Open the document of a job that this printer has claimed; out_view may be
 * NULL. */
int ph_jobs_open_document(struct ph_jobs *jobs, const struct ph_asker *asker,
                          const struct ph_id *id, const char *printer,
                          struct ph_job_view *out_view,
                          struct ph_sealed_reader **out_reader);
/* Authenticate every byte of it, unless that was done within the last ten
 * minutes, at its capture too, and the file has not been touched since.
 * PH_ERR_CANCELLED when *stop becomes other than 0, PH_ERR_CORRUPT and the
 * like as ph_sealed_reader_verify says. */
int ph_jobs_verify_document(struct ph_jobs *jobs,
                            struct ph_sealed_reader *reader,
                            const atomic_int *stop);
/* Its document is about to be sent, whole or in part: renews the lease, and is
 * recorded, before the first byte. Otherwise as ph_jobs_claim. */
int ph_jobs_note_download(struct ph_jobs *jobs, const struct ph_asker *asker,
                          const struct ph_id *id, const char *printer,
                          bool whole, struct ph_job_view *out_view);
/* The printer is done: report.result "printed" releases (the document goes,
 * unless kept: then held again and reported), "failed" and "partly" give it
 * back. The same report again is PH_OK and counts once: by its key, however
 * late it comes, else by what the job looks like. PH_ERR_EXISTS when the key
 * was given to another result. Choices of the claim are added to the report.
 */
int ph_jobs_complete(struct ph_jobs *jobs, const struct ph_asker *asker,
                     const struct ph_id *id, struct ph_release_report *report);
/* The document is damaged: claimed or held -> failed, with the reason; the
 * document goes, nobody can ask for it any more. */
int ph_jobs_fail(struct ph_jobs *jobs, const struct ph_id *id,
                 const char *reason);

/* --- the audit (store/audit.h); moves record themselves --- */

/* Something was refused. Does not block; true: soon call _write_refusals, which
 * may. */
bool ph_jobs_note_refusal(struct ph_jobs *jobs,
                          const struct ph_refusal *refusal);
int ph_jobs_write_refusals(struct ph_jobs *jobs);

/* Records of the asker's jobs, or all of them for the administrator, oldest
 * first, above the number *after, which moves along; in pieces. The callback
 * returns false to stop; it runs under the lock. */
typedef bool (*ph_jobs_history_cb)(const struct ph_audit_record *record,
                                   const struct ph_audit_sealed *sealed,
                                   void *arg);
int ph_jobs_history(struct ph_jobs *jobs, const struct ph_asker *asker,
                    int64_t *after, ph_jobs_history_cb each, void *arg,
                    bool *out_end);

/* --- what happens to jobs, for who watches --- */

/* How far somebody has been told. What there is to be told lies in the catalogue
 * and the audit, so that a watcher who is slow, or comes again, misses nothing
 * and needs no memory here. The fields are private. */
struct ph_jobs_news {
    struct ph_control_place place; /* job time and number of the record */
    uint64_t untaken;
};

/* From now on, or from where an earlier one was, NULL: now. */
int ph_jobs_news_begin(struct ph_jobs *jobs,
                       const struct ph_control_place *from,
                       struct ph_jobs_news *out_news);
/*
 * What has happened to the asker's jobs since, oldest first, in pieces; news
 * moves along. The callback returns false to stop; it runs under the lock.
 * *out_end: there is no more. Titles are as the title policy shows them, and
 * none of a confidential job.
 */
typedef bool (*ph_jobs_news_cb)(const struct ph_control_change *change,
                                void *arg);
int ph_jobs_news(struct ph_jobs *jobs, const struct ph_asker *asker,
                 struct ph_jobs_news *news, ph_jobs_news_cb each, void *arg,
                 bool *out_end);

/* A job was not taken, and why: for its owner's watchers, as long as this process
 * runs. Nothing for one that is tried again at once, and once for one that is
 * refused again and again. */
void ph_jobs_note_untaken(struct ph_jobs *jobs,
                          const struct ph_capture_begin *begin,
                          const struct ph_capture_refuse *refuse);

/* --- housekeeping --- */

/* Expire jobs whose time is over and leases that ended, forget what ended long
 * ago, read owner.map_file if it has changed and adopt jobs whose owner has a
 * login now, sweep orphans. Wall time; *out_next_ms is when to come again. */
int ph_jobs_reap(struct ph_jobs *jobs, int64_t wall_ms, int64_t *out_next_ms);

struct ph_jobs_stats {
    uint64_t held, claimed, spool_bytes, outbox_events, outbox_documents;
    uint64_t outbox_parked_events, outbox_parked_documents; /* of those */
    uint8_t outbox_parked_reason; /* of the broker, for one of them; 0 */
    uint64_t outbox_dropped;      /* events that were never told */
    uint64_t spool_bytes_max;
    uint64_t unmapped;               /* held, of accounts without a login */
    char spool_health[PH_WHY_MAX];   /* empty when well */
    char owner_health[PH_WHY_MAX];   /* of owner.map_file; empty when well */
    char catalogue_note[PH_WHY_MAX]; /* empty unless it was lost */
    int64_t audit_broken; /* first record of the audit that does not hold; 0 */
    int64_t clock_behind_ms;   /* the highest time that was ever stored; 0 */
    int64_t renewal_wanted_ms; /* the cloud asked for a new certificate; 0 */
};
/* What one person uses of what they may. */
struct ph_jobs_use {
    uint64_t jobs, jobs_max;
    uint64_t bytes, bytes_max;
};
int ph_jobs_used_by(struct ph_jobs *jobs, uint32_t uid,
                    struct ph_jobs_use *out_use);
int ph_jobs_stats(struct ph_jobs *jobs, struct ph_jobs_stats *out_stats);

/* --- policy --- */

/* Of what is in force; 0: none. */
struct ph_policy_versions {
    uint64_t tenant;
    uint64_t workstation;
};

/*
 * From now on this policy holds, as far as model/policy.h lets it: the tenant's
 * with the workstation's over it. Jobs that are held keep the end of their
 * retention. All documents are due again when titles are shown otherwise. The
 * cloud is told once of each version, durably. An error means that this could not
 * be written; the policy holds all the same.
 */
int ph_jobs_set_policy(struct ph_jobs *jobs, const struct ph_policy *policy,
                       const struct ph_policy_versions *versions);
/* What holds, and since which versions; either may be NULL. Never blocks. */
void ph_jobs_rules(struct ph_jobs *jobs, struct ph_rules *out_rules,
                   struct ph_policy_versions *out_versions);

/* --- commands of the cloud --- */

/*
 * Carry out a command that the caller has judged, or refuse it (refused: the
 * keyword, else NULL): effect, answer and the memory of its jti are one
 * transaction, so that it has an effect once, whatever breaks. A job that a
 * printer has just now is left alone, and the answer names it. PH_ERR_EXISTS for
 * a jti that was used, or from before our memory (see ph_jobs_use_grant).
 */
int ph_jobs_command(struct ph_jobs *jobs, const struct ph_command *command,
                    const char *refused, struct ph_command_result *out_result);
/* Whoever runs us gets new certificates by itself: such a command is taken, and
 * not only noted. */
void ph_jobs_set_renews(struct ph_jobs *jobs, bool renews);
/* The certificate was replaced: nobody waits for a new one any more. */
int ph_jobs_renewed(struct ph_jobs *jobs);
/* Does somebody wait for one? */
bool ph_jobs_wants_renewal(struct ph_jobs *jobs);

/* --- outbox (cloud.c) --- */

/*
 * Once after the start. Where there is no cloud: what is held from now on will be
 * told when there is one. Where there is one: what was held meanwhile, and still
 * is, is due, as events and in the documents.
 */
int ph_jobs_report_held(struct ph_jobs *jobs);

#define PH_OUTBOX_EVENT_DAYS 30 /* older ones are dropped and counted */
/* So long we keep what the broker has acknowledged and say it again after a
 * reconnect: brokers write to their disk later than they acknowledge. */
#define PH_OUTBOX_SAID_MS (3 * 60 * INT64_C(1000))
#define PH_OUTBOX_REFUSED 0x80 /* MQTT: reasons from here on refuse */

/* Who we are changed: every document is due again. */
int ph_jobs_set_workstation(struct ph_jobs *jobs,
                            const struct ph_workstation *workstation);

/* What the cloud link wants to know of all with each turn; cheap. */
struct ph_outbox_view {
    struct ph_workstation workstation;
    uint64_t jobs, bytes, bytes_max; /* held and claimed */
    uint64_t parked;                 /* documents and events */
    uint64_t dropped;                /* events, ever since */
};
int ph_jobs_outbox_view(struct ph_jobs *jobs, struct ph_outbox_view *out_view);

struct ph_outbox_document {
    char uk[32];
    uint64_t rev;
    int64_t expires_ms;    /* of the last job; 0 when there is none */
    struct ph_buf payload; /* empty payload: no held job, delete */
};
/* Documents whose newest revision is neither acknowledged nor parked, at most
 * cap; built fresh. The caller closes the payloads. Returns how many. */
int ph_jobs_due_documents(struct ph_jobs *jobs,
                          struct ph_outbox_document *out_documents, size_t cap,
                          size_t *out_count);

struct ph_outbox_event {
    uint64_t seq;
    struct ph_buf payload;
};
/* Events with seq > after, in order. The caller closes the payloads. */
int ph_jobs_due_events(struct ph_jobs *jobs, uint64_t after,
                       struct ph_outbox_event *out_events, size_t cap,
                       size_t *out_count);
/* The same of those that were refused and are to be tried again. */
int ph_jobs_due_again(struct ph_jobs *jobs, uint64_t after,
                      struct ph_outbox_event *out_events, size_t cap,
                      size_t *out_count);

/* What the broker said to a message. */
struct ph_outbox_result {
    char uk[32];     /* of the document; empty: an event */
    uint64_t number; /* revision or seq */
    uint8_t reason;  /* PH_OUTBOX_REFUSED and above: parked until _unpark */
};
/* All or none. Storing one twice does no harm; nor does losing one with the
 * power: the message goes again. So nothing waits for the disk. */
int ph_jobs_outbox_store(struct ph_jobs *jobs,
                         const struct ph_outbox_result *results, size_t count);
/* Try again what is parked. */
int ph_jobs_outbox_unpark(struct ph_jobs *jobs);
/* A connection begins: that, all documents, and the events that the broker
 * acknowledged a short while ago. */
int ph_jobs_outbox_anew(struct ph_jobs *jobs);

#endif
