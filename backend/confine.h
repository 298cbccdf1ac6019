/*
 * Confinement of the processes that touch a document. Two stages: at the very
 * start what costs nothing and forbids nothing that is needed, and the closed
 * box just before the first byte of the document is read.
 *
 * Everything here is best effort on purpose: a kernel without Landlock or
 * seccomp still prints. What is missing is reported, never needed.
 */
#ifndef PH_BACKEND_CONFINE_H
#define PH_BACKEND_CONFINE_H

#include <stddef.h>

enum ph_confine_kind {
    /* Reads the document, encrypts it, talks on open descriptors. */
    PH_CONFINE_WORKER,
    /* Parses the document in memory, talks on one open descriptor. */
    PH_CONFINE_COUNTER,
};

enum ph_confine_missing {
    PH_CONFINE_NO_LANDLOCK = 1,
    PH_CONFINE_NO_SECCOMP = 2,
    PH_CONFINE_NO_PRIVILEGE_LOCK = 4,
};

/* umask 077, no core files, not to be traced or dumped by others. */
void ph_confine_start(void);

/* The calling process ends when its parent does (where the system can). */
void ph_confine_follow_parent(void);

/*
 * Close the box: no new privileges, no files to open, no programs to run, no
 * sockets to make, few descriptors; only reading and writing what is open.
 * Returns the ph_confine_missing bits.
 */
unsigned ph_confine(enum ph_confine_kind kind);

#endif
