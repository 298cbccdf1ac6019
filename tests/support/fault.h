/*
 * What ph-fault.so and a test share: one page of memory in a file, mapped by
 * both. The test writes the order and arms it; the library counts the calls of
 * the wanted kinds and strikes at the right one. The layout is also in
 * tests/fault/world.py.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_FAULT_H
#define PRINTHOLD_TESTS_SUPPORT_FAULT_H

#include <stdatomic.h>
#include <stdint.h>

#define FAULT_PAGE_BYTES 4096

enum fault_kind {
    FAULT_OPEN = 1,
    FAULT_WRITE = 2, /* of files; sockets are FAULT_SEND */
    FAULT_SYNC = 4,
    FAULT_RENAME = 8,
    FAULT_UNLINK = 16,
    FAULT_TRUNCATE = 32,
    FAULT_MKDIR = 64,
    FAULT_CLOSE = 128,
    FAULT_READ = 256, /* of files */
    FAULT_SEND = 512,
    FAULT_MALLOC = 1024,
    FAULT_SQLITE = 2048,
};

enum fault_action {
    FAULT_COUNT,   /* count, do nothing */
    FAULT_KILL,    /* the process dies before the call */
    FAULT_ERROR,   /* the call fails with this errno (SQLite: result code) */
    FAULT_SHORT,   /* half of the bytes are written */
    FAULT_NO_SYNC, /* syncs say yes and do nothing */
};

struct fault_page {
    _Atomic uint32_t armed;
    uint32_t kinds; /* fault_kind, several */
    uint32_t action;
    int32_t error;
    uint32_t from; /* the first call that is struck, from 1 */
    uint32_t to;   /* the last */
    _Atomic uint32_t count;
    _Atomic uint32_t struck;
};

#endif
