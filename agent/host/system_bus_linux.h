/*
 * A connection to the D-Bus system bus on the loop: authentication, calls, and
 * what comes (dbus_message_linux.h). It is for a few calls: what cannot be sent at
 * once ends the connection.
 *
 * The bus is at DBUS_SYSTEM_BUS_ADDRESS ("unix:path=...") or its well-known
 * path. Who connects is known to it by the kernel's word (EXTERNAL).
 */
#ifndef PRINTHOLD_AGENT_SYSTEM_BUS_LINUX_H
#define PRINTHOLD_AGENT_SYSTEM_BUS_LINUX_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "dbus_message_linux.h"
#include "printhold/base/why.h"

struct ph_system_bus;

/* On the loop. Of the bus only ph_system_bus_call may be called from there,
 * and _stop. */
struct ph_system_bus_events {
    /* Calls may be made from now on. */
    void (*on_ready)(void *arg);
    /* fd: the one that came with it, to be taken by setting it to -1; else
     * it is closed. */
    void (*on_message)(const struct ph_dbus_message *message, int *fd,
                       void *arg);
    /* Once, and nothing after it; stop the bus all the same. */
    void (*on_closed)(const char *text, void *arg);
};

/* PH_ERR_NOT_FOUND: there is no bus; PH_ERR_IO and PH_ERR_CONFIG with why. */
int ph_system_bus_start(uv_loop_t *loop,
                        const struct ph_system_bus_events *events, void *arg,
                        struct ph_system_bus **out_bus, struct ph_why *why);

/* The answer has this reply_serial. PH_ERR_CLOSED when it cannot be sent;
 * on_closed follows then. */
int ph_system_bus_call(struct ph_system_bus *bus,
                       const struct ph_dbus_call *call, uint32_t *out_serial);

/* No event comes after it. done is called once; the bus, which may be NULL, is
 * freed before it. */
void ph_system_bus_stop(struct ph_system_bus *bus, void (*done)(void *arg),
                        void *arg);

#endif
