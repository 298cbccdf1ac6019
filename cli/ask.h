/* A command that asks the agent once, and is answered with one thing. */
#ifndef PRINTHOLD_CLI_ASK_H
#define PRINTHOLD_CLI_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "client.h"
#include "command.h"

/* Reads what came, and prints it for people, or nothing when as_it_is: then it
 * goes out as it came, once it was read. */
typedef int (*ph_ask_item_cb)(const void *body, size_t len, bool as_it_is);

/* Connect, ask, print, with --json as it came. On failure why it failed is said
 * already. */
int ph_command_ask(const struct ph_command_line *line,
                   const struct ph_control_request *request,
                   ph_ask_item_cb on_item);

#endif
