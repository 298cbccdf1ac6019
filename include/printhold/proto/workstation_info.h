/*
 * The workstation document at ph1/{tenant}/ws/{ws}/inf: what runs where, for
 * those who look after the fleet. Nothing of people and nothing of jobs but
 * how much room they take. docs/cloud-protocol.md.
 */
#ifndef PRINTHOLD_PROTO_WORKSTATION_INFO_H
#define PRINTHOLD_PROTO_WORKSTATION_INFO_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"

#define PH_WORKSTATION_INFO_BYTES_MAX     4096
#define PH_WORKSTATION_INFO_ADDRESSES_MAX 8

/* Empty text and negative numbers are left out. All text is the caller's. */
struct ph_workstation_info {
    int64_t at_ms;
    const char *workstation; /* ws-... */
    const char *host;
    const char *const *addresses; /* with port */
    size_t address_count;
    const char *version; /* of printhold */
    const char *os_name;
    const char *os_version;
    const char *key_level; /* config: keys.level */
    int64_t spool_jobs;    /* held and claimed */
    int64_t spool_bytes;
    int64_t spool_bytes_max;
    int64_t dropped; /* events that were dropped, ever since */
};

/* JSON text, replaces buf. */
int ph_workstation_info_put(const struct ph_workstation_info *info,
                            struct ph_buf *buf);

#endif
