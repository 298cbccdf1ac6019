/*
 * A copy of the document in memory that has no name in the file system, for
 * the page counter: the worker fills it while it encrypts, the counter maps
 * it. Never on disk (but the system may swap, as it may any memory).
 */
#ifndef PH_BACKEND_DOCMEM_H
#define PH_BACKEND_DOCMEM_H

#include <stddef.h>
#include <stdint.h>

/* A new, empty object of at most max bytes; close the descriptor with
 * close(2). */
int ph_docmem_new(uint64_t max, int *out_fd);

/* Put bytes at the offset, not before those that were put already. What is
 * left out reads as zeros and takes no memory. */
int ph_docmem_put(int fd, uint64_t offset, const void *bytes, size_t len);

/* Give the memory back; nothing more is put. */
void ph_docmem_drop(int fd);

#endif
