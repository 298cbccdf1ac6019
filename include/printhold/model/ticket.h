/*
 * The ticket of a job: who, what, from where, and how it shall be printed, in
 * IPP keywords (RFC 8011, PWG 5100.*).
 *
 * A plain value of bounded text, owned by the caller. Empty text and negative
 * numbers mean "not known". All text is clean UTF-8 (utf8.h). number-up,
 * page-ranges and the like were applied before capture and are not choices of
 * the release any more; number_up is kept for the report only.
 */
#ifndef PRINTHOLD_MODEL_TICKET_H
#define PRINTHOLD_MODEL_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"

#define PH_TICKET_TITLE_MAX   512
#define PH_TICKET_TEXT_MAX    256
#define PH_TICKET_WORD_MAX    64
#define PH_TICKET_SHA256_TEXT 65

struct ph_ticket {
    /* who and where from */
    uint32_t owner_uid;                   /* AUTH_UID */
    char owner_name[PH_TICKET_TEXT_MAX];  /* local account */
    char owner_auth[PH_TICKET_WORD_MAX];  /* "peercred", "password", "root" */
    char owner_login[PH_TICKET_TEXT_MAX]; /* e-mail; set by the agent */
    char submission_host[PH_TICKET_TEXT_MAX]; /* job-originating-host-name */
    char submission_ip[PH_TICKET_WORD_MAX];   /* set by the agent */
    int64_t submitted_ms;                     /* time-at-creation, wall */

    /* what */
    char job_uuid[PH_TICKET_WORD_MAX]; /* urn:uuid:... */
    int32_t cups_job_id;
    int64_t attempt_s; /* time-at-processing; set by the agent from BEGIN */
    char queue[PH_TICKET_TEXT_MAX];
    char job_name[PH_TICKET_TITLE_MAX];
    char document_format[PH_TICKET_WORD_MAX];    /* sniffed media type */
    char driver[PH_TICKET_TEXT_MAX];             /* PPD NickName */
    char source[PH_TICKET_TEXT_MAX];             /* application */
    char document_sha256[PH_TICKET_SHA256_TEXT]; /* hex; set by the agent */
    int64_t size_bytes;
    int64_t impressions; /* pages as captured; -1 unknown */
    int32_t number_up;   /* pages per side, >= 1 */

    /* how: open until release */
    int32_t copies;                            /* 1..9999 */
    char sides[PH_TICKET_WORD_MAX];            /* one-sided, two-sided-*-edge */
    char print_color_mode[PH_TICKET_WORD_MAX]; /* monochrome, color, auto */
    char media[PH_TICKET_WORD_MAX];            /* iso_a4_210x297mm */
    char finishings[PH_TICKET_TEXT_MAX];       /* "staple,punch" */
    char orientation_requested[PH_TICKET_WORD_MAX]; /* portrait, landscape.. */
    char print_quality[PH_TICKET_WORD_MAX];         /* draft, normal, high */
    char output_bin[PH_TICKET_WORD_MAX];
    char multiple_document_handling[PH_TICKET_WORD_MAX];

    bool confidential; /* released to someone who signed in well only */
};

/* Everything unknown, copies and number_up 1. */
void ph_ticket_init(struct ph_ticket *ticket);

/*
 * Take the job options that CUPS passes as argv[5] (PPD and IPP spelling
 * mixed: "Duplex=DuplexNoTumble sides=... ColorModel=Gray noCollate ...") and
 * fill the ticket. Where both spellings of one option stand, the IPP one
 * counts, with two exceptions, since lp and some programs add queue defaults
 * in IPP spelling: of two colour modes the one that departs from the queue's
 * default counts, and PPD finishings count beside finishings=none. May be
 * called twice, first with the queue's defaults: what the second text does not
 * name stays. Unknown options and values are ignored, never an error; the
 * text is bounded at 64 KiB. Fills sides, print_color_mode, media,
 * finishings, orientation, quality, bin, collation, number_up, job_uuid,
 * submission_host, submitted_ms, source (macOS job info), and confidential.
 */
void ph_ticket_apply_options(struct ph_ticket *ticket, const char *options);

/* One option of the text at *pos: name and value copied (cut at the caps) and
 * unescaped; false at the end. Quotes, braces and backslashes as CUPS writes
 * them. "noName" gives value "false", "Name" gives "true". */
bool ph_ticket_next_option(const char **pos, char *name, size_t name_cap,
                           char *value, size_t value_cap);

/* A ticket fit to be stored: owner known, copies in range, text clean. */
int ph_ticket_check(const struct ph_ticket *ticket, struct ph_why *why);

#endif
