/*
 * The directory document: what the cloud knows of one user's held jobs on one
 * workstation. Retained at ph1/{tenant}/u/{uk}/{ws}. docs/cloud-protocol.md.
 *
 * At most 64 jobs, newest first, and at most 32 KiB of JSON; jobs that do not
 * fit are counted in "more". Titles already have the title policy applied.
 */
#ifndef PRINTHOLD_PROTO_DIRECTORY_H
#define PRINTHOLD_PROTO_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/model/job.h"
#include "printhold/model/ticket.h"

#define PH_DIRECTORY_JOBS_MAX      64
#define PH_DIRECTORY_BYTES_MAX     32768
#define PH_DIRECTORY_ADDRESSES_MAX 8

struct ph_directory_job {
    struct ph_id id;
    enum ph_job_state state;
    int64_t expires_ms;
    const struct ph_ticket *ticket;
};

/* All text is the caller's. */
struct ph_directory {
    uint64_t rev;
    int64_t at_ms;
    const char *workstation; /* ws-... */
    const char *login;
    const char *host;
    const char *const *addresses; /* "192.0.2.7:9443", "[2001:db8::7]:9443" */
    size_t address_count;
    const char *pin; /* sha256-..., of the workstation's public key */
    const struct ph_directory_job *jobs; /* newest first */
    size_t job_count;
    size_t more; /* held jobs that the caller left out already */
};

/* JSON text, replaces buf. */
int ph_directory_put(const struct ph_directory *directory, struct ph_buf *buf);

enum ph_presence {
    PH_PRESENCE_OFF,
    PH_PRESENCE_ON,
    PH_PRESENCE_ASLEEP, /* off, and going to be back by itself */
};

/* Presence document at ph1/{tenant}/ws/{ws}/st. since_ms 0: nobody knows. */
int ph_presence_put(enum ph_presence presence, const char *version,
                    int64_t since_ms, struct ph_buf *buf);

#endif
