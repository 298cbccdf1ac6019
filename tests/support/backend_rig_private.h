/* Shared by the files of the rig. */
#ifndef PRINTHOLD_TESTS_SUPPORT_BACKEND_RIG_PRIVATE_H
#define PRINTHOLD_TESTS_SUPPORT_BACKEND_RIG_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "backend_rig.h"

#define RIG_FILE_MAX (64 * 1024 * 1024)

/* dst = the path of a file in the rig's directory. */
void rig_path(const struct rig *rig, char *dst, size_t cap, const char *name);

/* When a wait that starts now has taken too long. */
int64_t rig_deadline(void);

/* Let others run; fail at the deadline. */
void rig_pause(int64_t end_ms, const char *what);

#endif
