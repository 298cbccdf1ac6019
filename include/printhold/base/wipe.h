/* Overwrite memory in a way that the compiler may not remove. */
#ifndef PRINTHOLD_BASE_WIPE_H
#define PRINTHOLD_BASE_WIPE_H

#include <stddef.h>

void ph_wipe(void *bytes, size_t len);

#endif
