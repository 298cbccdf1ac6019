/*
 * A document on its way to disk: DIR/<job id>.part, with the entity tag that
 * its bytes belong to in DIR/<job id>.part.etag, so that a later run can go on
 * where this one was cut off.
 *
 * The bytes are hashed as they come. Nothing gets its final name before
 * length and digest were checked and the file is on stable storage. Names are
 * made of the job id and never of a title. One process at a time: the file is
 * locked while open.
 */
#ifndef PRINTHOLD_STATION_PART_H
#define PRINTHOLD_STATION_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/net/reply_headers.h"

#define PH_PART_NAME_MAX 48

struct ph_part {
    int dirfd; /* borrowed */
    int fd;
    char name[PH_PART_NAME_MAX];
    char etag[PH_REPLY_ETAG_MAX]; /* empty: not known */
    uint64_t size;                /* bytes so far */
    EVP_MD_CTX *digest;
};

/* Open or make the file of a job and hash what is there already; what has no
 * known tag is dropped. PH_ERR_BUSY when another process has it. */
int ph_part_open(int dirfd, const char *job_id, struct ph_part *out_part,
                 struct ph_why *why);

/* Forget the bytes; those that follow belong to this tag. */
int ph_part_restart(struct ph_part *part, const char *etag);

int ph_part_append(struct ph_part *part, const void *bytes, size_t len);

/* Have all bytes, and the right ones? PH_ERR_CORRUPT if not. Once only. */
int ph_part_check(struct ph_part *part, uint64_t size,
                  const uint8_t sha256[PH_REPLY_SHA256_BYTES]);

/* Make it durable under its final name. PH_ERR_EXISTS unless force when the
 * name is taken; the part file then stays. */
int ph_part_publish(struct ph_part *part, const char *name, bool force);

/* Remove the files; for what turned out to be damaged. */
void ph_part_discard(struct ph_part *part);

/* Is the file of this name the document? PH_ERR_CORRUPT if not. */
int ph_part_compare(int dirfd, const char *name, uint64_t size,
                    const uint8_t sha256[PH_REPLY_SHA256_BYTES]);

/* Keeps the files. */
void ph_part_close(struct ph_part *part);

#endif
