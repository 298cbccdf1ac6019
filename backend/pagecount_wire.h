/*
 * What the worker and the page counter say to each other on their socket:
 * one struct each, in memory order, since both are of one build on one
 * computer. The counter has parsed hostile input when it answers, so the
 * worker believes nothing in the answer without checking it.
 */
#ifndef PH_BACKEND_PAGECOUNT_WIRE_H
#define PH_BACKEND_PAGECOUNT_WIRE_H

#include <stdint.h>

#define PH_PAGECOUNT_MAGIC     UINT32_C(0x50435031) /* "PCP1" */
#define PH_PAGECOUNT_TEXT_MAX  200
#define PH_PAGECOUNT_PAGES_MAX 100000000

/* Descriptors of the counter. */
#define PH_PAGECOUNT_SOCKET_FD   0
#define PH_PAGECOUNT_DOCUMENT_FD 3

/* First: the kind, as soon as it is known; the counter gets ready. */
struct ph_pagecount_prepare {
    uint32_t magic;
    uint32_t kind; /* enum ph_sniff_kind */
    uint64_t memory_max;
    uint64_t cpu_s;
};

/* Second: the document is complete and has this many bytes. */
struct ph_pagecount_go {
    uint64_t size;
};

enum ph_pagecount_status {
    PH_PAGECOUNT_COUNTED = 1,
    PH_PAGECOUNT_UNKNOWN = 2, /* password, no page marks, a limit */
    PH_PAGECOUNT_DAMAGED = 3, /* no whole document of its kind */
};

struct ph_pagecount_answer {
    uint32_t magic;
    uint32_t status;
    int64_t pages;                        /* only with COUNTED */
    char creator[PH_PAGECOUNT_TEXT_MAX];  /* of a PDF; may be empty */
    char producer[PH_PAGECOUNT_TEXT_MAX]; /* of a PDF; may be empty */
};

#endif
