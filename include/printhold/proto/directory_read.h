/*
 * Directory documents and presence as a reader takes them from the broker
 * (docs/cloud-protocol.md). The broker is no authority: whoever may write
 * there may write anything, so what a document says is checked member by
 * member, and it goes on only in a form that was made here.
 */
#ifndef PRINTHOLD_PROTO_DIRECTORY_READ_H
#define PRINTHOLD_PROTO_DIRECTORY_READ_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/model/login.h"
#include "printhold/proto/directory.h"
#include "printhold/proto/json.h"

struct ph_directory_head {
    uint64_t rev;
    int64_t at_ms;
    char workstation[PH_IDENTITY_MAX];
    char login[PH_LOGIN_MAX]; /* normalised */
    int64_t expires_ms;       /* of the last of the jobs; 0 without any */
    size_t job_count;
};

/*
 * Take a document apart. out_clean (initialised by the caller, replaced)
 * becomes the document again, with the members that this version knows and no
 * other: text bounded and without control bytes, jobs past PH_DIRECTORY_JOBS_MAX
 * refused. PH_ERR_TOO_BIG, PH_ERR_SYNTAX, PH_ERR_UNSUPPORTED for another
 * version; why names the member, never what it says.
 */
int ph_directory_read(const void *text, size_t len,
                      struct ph_directory_head *out_head,
                      struct ph_buf *out_clean, struct ph_why *why);

/*
 * Drop the jobs of a clean document whose time was over at now from its list.
 * What it counts in "more" stays. *out_left is how many are left.
 */
int ph_directory_drop_expired(json_t *document, int64_t now_ms,
                              size_t *out_left);

struct ph_presence_said {
    enum ph_presence presence;
    int64_t at_ms; /* 0 when not said */
    char version[32];
};

int ph_presence_read(const void *text, size_t len,
                     struct ph_presence_said *out_said, struct ph_why *why);

/* "on", "off", "asleep"; static. */
const char *ph_presence_name(enum ph_presence presence);

#endif
