/* What each system calls the present start of the computer. */
#ifndef PRINTHOLD_BASE_CLOCK_BOOT_H
#define PRINTHOLD_BASE_CLOCK_BOOT_H

#include <stdint.h>

int64_t ph_clock_read_boot_number(void);

/* A number from the text of a UUID: its first 60 bits; 0 when it is none. */
int64_t ph_clock_number_of_uuid(const char *uuid);

#endif
