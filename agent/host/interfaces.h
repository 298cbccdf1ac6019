/*
 * The addresses of this computer as the system has them now, with what is
 * needed to order them (interface_address.h). Asks the kernel; does not wait
 * for anything else.
 */
#ifndef PRINTHOLD_AGENT_INTERFACES_H
#define PRINTHOLD_AGENT_INTERFACES_H

#include <stddef.h>

#include "interface_address.h"

/* What lies beyond is not looked at. */
#define PH_INTERFACES_MAX 128

/* PH_ERR_IO when the system does not say. */
int ph_interfaces_list(struct ph_interface_address list[PH_INTERFACES_MAX],
                       size_t *out_count);

/* What the system says of itself: everything but is_default
 * (interfaces_linux.c, interfaces_darwin.c). */
int ph_interfaces_read(struct ph_interface_address list[PH_INTERFACES_MAX],
                       size_t *out_count);

#endif
