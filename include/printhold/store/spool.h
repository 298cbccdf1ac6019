/*
 * The spool: encrypted jobs as files.
 *
 * Invariants
 *  - <dir>/incoming/<id>  is being received and is nobody's job yet
 *  - <dir>/held/<id>      is a complete job, durable in both directories
 *  - names are 32 hex digits made by us; files are 0600, single-linked,
 *    regular; directories 0700
 * A job comes into being by one rename, and ends by one unlink.
 */
#ifndef PRINTHOLD_STORE_SPOOL_H
#define PRINTHOLD_STORE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/base/why.h"

struct ph_spool;

/* Open; makes incoming and held (and dir itself, one level) when missing. */
int ph_spool_open(const char *dir, struct ph_spool **out_spool,
                  struct ph_why *why);
void ph_spool_close(struct ph_spool *spool);

/* New empty file in incoming: one descriptor for us, a write-only one of its
 * own for the backend. */
int ph_spool_create(struct ph_spool *spool, const struct ph_id *id, int *out_fd,
                    int *out_write_fd);
/* incoming -> held, durable. The file must have been synced before. */
int ph_spool_commit(struct ph_spool *spool, const struct ph_id *id);
/* Remove from incoming; missing is fine. */
void ph_spool_discard(struct ph_spool *spool, const struct ph_id *id);
/* Open a held job read-only; PH_ERR_CORRUPT unless it is a plain file. */
int ph_spool_read(struct ph_spool *spool, const struct ph_id *id, int *out_fd);
/* The same for appending a metadata record. */
int ph_spool_append(struct ph_spool *spool, const struct ph_id *id,
                    int *out_fd);
/* Remove from held, durable; PH_ERR_NOT_FOUND when it is not there. */
int ph_spool_remove(struct ph_spool *spool, const struct ph_id *id);

/* Every well-formed name in held; return false to stop. */
typedef bool (*ph_spool_each_cb)(const struct ph_id *id, void *arg);
int ph_spool_each(struct ph_spool *spool, ph_spool_each_cb each, void *arg);
/* Remove everything in incoming whose last change is older than age_s. */
int ph_spool_sweep(struct ph_spool *spool, int64_t age_s, uint64_t *out_count);

/* Bytes that ordinary users can still write on that file system. */
int ph_spool_free_bytes(struct ph_spool *spool, uint64_t *out_bytes);

#endif
