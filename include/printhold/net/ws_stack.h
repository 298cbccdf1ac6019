/*
 * What WebSocket connections of one loop share: the libwebsockets context and,
 * for each set of certificate files, what was read from them. A link makes one
 * for itself; a program with very many links makes one for all of them.
 */
#ifndef PRINTHOLD_NET_WS_STACK_H
#define PRINTHOLD_NET_WS_STACK_H

#include <uv.h>

#include "printhold/base/why.h"

struct ph_ws_stack;

/* For at most connections_max at the same time. Certificate files are read
 * when the first link names them and kept until the stack is freed. */
int ph_ws_stack_new(uv_loop_t *loop, unsigned connections_max,
                    struct ph_ws_stack **out_stack, struct ph_why *why);

/* After every link on it has stopped. done, which may be NULL, is called once
 * from the loop, and the stack is freed. */
void ph_ws_stack_free(struct ph_ws_stack *stack, void (*done)(void *arg),
                      void *arg);

#endif
