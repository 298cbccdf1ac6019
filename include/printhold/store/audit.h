/*
 * The audit: one record for each session, claim, download, refusal and end of
 * a job, in the catalogue, in the transaction of the change that it records.
 * docs/audit.md says what it proves and what it does not.
 *
 *   anchor ── record n+1 ── record n+2 ── ... ── record m ── head
 *
 * Numbers have no gaps. The mac of a record is an HMAC-SHA-256 over the mac of
 * the record before it and all of its own fields as they are stored, so a
 * change, a record that is missing or one that was moved breaks the chain
 * there. Anchor (the last record that was forgotten) and head (the newest) carry
 * a proof of the same key: records cannot be cut off at either end without it.
 * Login, title and choices are sealed. Keys: ph_epoch_keys_audit_*.
 *
 * Whoever has an older copy of the whole catalogue can put it back: that shows
 * only where a later mac is known from elsewhere, as from the journal.
 */
#ifndef PRINTHOLD_STORE_AUDIT_H
#define PRINTHOLD_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/model/ticket.h"
#include "printhold/store/catalogue.h"

#define PH_AUDIT_MAC_BYTES  32
#define PH_AUDIT_WORD_MAX   48  /* event, reason */
#define PH_AUDIT_AMR_MAX    264 /* 8 words of 32 characters */
#define PH_AUDIT_SEALED_MAX 3072
#define PH_AUDIT_CHOSEN_MAX 768

/* name, keyword. Keywords are stable: exports have them. */
#define PH_AUDIT_EVENTS(X)                                                     \
    X(BEGAN, "began")           /* a new chain; reason: new, catalogue-lost */ \
    X(SESSION, "session")       /* someone signed in at a printer */           \
    X(REFUSED, "refused")       /* reason: of the problem; count: that many */ \
    X(CLAIMED, "claimed")       /* a printer will print the job */             \
    X(RETURNED, "returned")     /* or not after all */                         \
    X(LEASE_OVER, "lease-over") /* the printer was silent for too long */      \
    X(DOWNLOAD, "download") /* the document may leave; reason: whole, part */  \
    X(COMPLETED, "completed") /* reason: printed, failed, partly */            \
    X(DELETED, "deleted")     /* reason: by-user, by-administrator */          \
    X(EXPIRED, "expired")     /* its time was over */                          \
    X(FAILED, "failed")       /* its document is damaged or missing */

enum ph_audit_event {
#define PH_AUDIT_ENUM(name, keyword) PH_AUDIT_##name,
    PH_AUDIT_EVENTS(PH_AUDIT_ENUM)
#undef PH_AUDIT_ENUM
};

const char *ph_audit_event_name(enum ph_audit_event event);

/* What to write. Texts may be NULL; what is too long is cut. */
struct ph_audit_entry {
    enum ph_audit_event event;
    int64_t at_ms;           /* wall time */
    int64_t time_ms;         /* job time; when it is old enough to forget */
    const struct ph_id *job; /* NULL: of no job */
    int64_t uid;             /* of the job's owner; -1 of no job */
    const char *printer;     /* pr-... */
    const char *amr;         /* how the person signed in, words */
    const char *reason;      /* keyword */
    int64_t count;           /* how often; 1 but for refusals */
    int64_t impressions;     /* -1 not known */
    int64_t sheets;          /* -1 not known */
    const char *login;       /* sealed */
    const char *title;       /* sealed */
    const char *chosen;      /* sealed; what was chosen at the printer */
};

/* A record as it stands there. */
struct ph_audit_record {
    int64_t number; /* from 1 */
    int64_t at_ms;
    int64_t time_ms;
    char event[PH_AUDIT_WORD_MAX];
    bool has_job;
    struct ph_id job;
    int64_t uid;
    char printer[PH_CATALOGUE_WORD_MAX];
    char amr[PH_AUDIT_AMR_MAX];
    char reason[PH_AUDIT_WORD_MAX];
    int64_t count;
    int64_t impressions;
    int64_t sheets;
    const void *sealed; /* a view, valid in the callback */
    size_t sealed_len;
    uint8_t mac[PH_AUDIT_MAC_BYTES];
};

/* Where a chain stands: for the log. */
struct ph_audit_mark {
    int64_t number;
    uint8_t mac[PH_AUDIT_MAC_BYTES];
};

/* --- writing --- */

/* Is there a chain? If not, the first record begins it. */
int ph_audit_is_begun(struct ph_catalogue *catalogue, bool *out_is_begun);

/* Append in the caller's transaction. Beyond records_max the oldest go. */
int ph_audit_append(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
                    const struct ph_audit_entry *entry, uint64_t records_max,
                    struct ph_audit_mark *out_mark);

/*
 * Forget records from before that job time in the caller's transaction, at most
 * PH_AUDIT_TRIM_BATCH; *out_count says how many. A record's time is believed
 * only when its mac holds, so nobody makes us forget one by redating it;
 * *out_broken is the first whose mac does not, 0 for none.
 */
#define PH_AUDIT_TRIM_BATCH 512
int ph_audit_trim(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
                  int64_t before_ms, size_t *out_count, int64_t *out_broken);

/* --- reading --- */

/* Return false to stop. */
typedef bool (*ph_audit_each_cb)(const struct ph_audit_record *record,
                                 void *arg);

/* Which records, oldest first. */
struct ph_audit_filter {
    int64_t after; /* numbers above it */
    bool by_uid;   /* those of jobs of uid alone */
    uint32_t uid;
    int64_t since_ms; /* wall time, or later */
    uint32_t limit;   /* 0: all */
};
/* PH_ERR_CORRUPT at a record that cannot be one of ours. */
int ph_audit_each(struct ph_catalogue *catalogue,
                  const struct ph_audit_filter *filter, ph_audit_each_cb each,
                  void *arg);

/* The number of the newest record; 0: there is none. */
int ph_audit_newest(struct ph_catalogue *catalogue, int64_t *out_number);

/* What is sealed in a record. Empty text: it has none. */
struct ph_audit_sealed {
    char login[PH_TICKET_TEXT_MAX];
    char title[PH_TICKET_TITLE_MAX];
    char chosen[PH_AUDIT_CHOSEN_MAX];
};
/* PH_ERR_CORRUPT, and all of it empty, when it is not of this record. */
int ph_audit_unseal(struct ph_epoch_keys *keys,
                    const struct ph_audit_record *record,
                    struct ph_audit_sealed *out_sealed);

/* What a look at the whole chain found. */
struct ph_audit_verdict {
    uint64_t count;            /* records that hold, from the first on */
    int64_t first;             /* the first that is there, 0 for none */
    struct ph_audit_mark last; /* the last that holds */
    int64_t broken;            /* the first that does not, 0 for none */
    struct ph_why fault;       /* what is wrong there */
    bool seen_expected;        /* the mark that was asked for is there */
};
/*
 * Check every record. expected, if not NULL, is a mark from elsewhere, as from
 * the journal, of which mac_len bytes are known: it must be there, or have been
 * forgotten by its age. PH_ERR_CORRUPT with the verdict when anything is wrong;
 * other errors mean that nothing is known.
 */
int ph_audit_verify(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
                    const struct ph_audit_mark *expected, size_t mac_len,
                    struct ph_audit_verdict *out_verdict);

/* Open a catalogue to read its audit, beside a running agent or without one;
 * nothing is changed. PH_ERR_NOT_FOUND, PH_ERR_UNSUPPORTED without an audit. */
int ph_audit_open(const char *path, struct ph_catalogue **out_catalogue,
                  struct ph_why *why);

#endif
