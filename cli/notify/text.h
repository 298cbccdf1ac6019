/*
 * What people are told of their jobs: from changes (proto/control.h) to the words
 * of a notice. Pure: no desktop, no clock.
 */
#ifndef PRINTHOLD_CLI_NOTIFY_TEXT_H
#define PRINTHOLD_CLI_NOTIFY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/proto/control.h"

/* Notices of one kind stand in for each other; those of two never do. */
enum ph_notice_kind {
    PH_NOTICE_NONE, /* nobody needs to be told */
    PH_NOTICE_HELD,
    PH_NOTICE_UNMAPPED, /* held, and no printer can get it */
    PH_NOTICE_PRINTED,
    PH_NOTICE_NOT_PRINTED,
    PH_NOTICE_DELETED, /* by somebody else */
    PH_NOTICE_EXPIRED,
    PH_NOTICE_FAILED,
    PH_NOTICE_REFUSED,
    PH_NOTICE_CLOUD_AWAY,
    PH_NOTICE_CLOUD_BACK,
    PH_NOTICE_KINDS,
};

/* What happened so far, of one kind. */
struct ph_notice_facts {
    enum ph_notice_kind kind;
    unsigned count;                /* of jobs; from 1 */
    int64_t until_ms;              /* of the first that ends; 0: not known */
    bool is_one_printer;           /* the same for all of them */
    struct ph_control_change last; /* the newest of them */
};

#define PH_NOTICE_SUMMARY_MAX 96
#define PH_NOTICE_BODY_MAX    768

/* Plain text, UTF-8, no control characters but the newline in the body. */
struct ph_notice {
    enum ph_notice_kind kind;
    bool is_quiet; /* nothing that has to be seen */
    char summary[PH_NOTICE_SUMMARY_MAX];
    char body[PH_NOTICE_BODY_MAX];
};

/* Which notice a change is one of. The cloud's are PH_NOTICE_NONE: they become
 * notices with time only. What people did themselves they know. */
enum ph_notice_kind ph_notice_kind_of(const struct ph_control_change *change);

void ph_notice_text(const struct ph_notice_facts *facts,
                    struct ph_notice *out_notice);

/* Text as it may stand in a body with markup (Desktop Notifications 1.2). Cut at
 * cap, never within an entity. */
void ph_notice_escape(const char *text, char *dst, size_t cap);

/* The notice as a program for osascript(1). Nothing of its text can end the
 * strings that it stands in. PH_ERR_TOO_BIG. */
int ph_notice_applescript(const struct ph_notice *notice, char *dst,
                          size_t cap);

#endif
