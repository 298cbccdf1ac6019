/*
 * Where notices are shown: the desktop of this session.
 *   sink_linux.c   org.freedesktop.Notifications on the session bus
 *   sink_darwin.c  the notification centre, by osascript(1)
 */
#ifndef PRINTHOLD_CLI_NOTIFY_SINK_H
#define PRINTHOLD_CLI_NOTIFY_SINK_H

#include "printhold/base/why.h"
#include "text.h"

struct ph_notify_sink;

/* PH_ERR_NOT_FOUND: there is no session that could show any; PH_ERR_EXISTS:
 * another one of us serves it already. */
int ph_notify_sink_open(struct ph_notify_sink **out_sink, struct ph_why *why);
void ph_notify_sink_close(struct ph_notify_sink *sink);

/* What poll(2) waits for input on; -1: nothing. */
int ph_notify_sink_fd(struct ph_notify_sink *sink);
/* There may be input. PH_ERR_CLOSED: the session is over. */
int ph_notify_sink_turn(struct ph_notify_sink *sink);

/* Show it in place of the one with the id *id, 0: of none; *id is its own then.
 * PH_ERR_NOT_FOUND when nobody shows notices here, which is no fault. */
int ph_notify_sink_show(struct ph_notify_sink *sink,
                        const struct ph_notice *notice, uint32_t *id);

#endif
