/* How often bytes are in the memory of a process: for tests that a secret does
 * not stay there. Linux; the process is of the same user. */
#ifndef PRINTHOLD_TESTS_MEMORY_COUNT_H
#define PRINTHOLD_TESTS_MEMORY_COUNT_H

#include <stddef.h>
#include <sys/types.h>

/* len is 8 to 4,096. PH_ERR_DENIED when the memory cannot be read. */
int ph_test_memory_count(pid_t pid, const void *bytes, size_t len,
                         unsigned long *out_count);

#endif
