/* Whoever asks the agent: that end of the control protocol (printhold/proto/control.h). */
#ifndef PRINTHOLD_CLI_CLIENT_H
#define PRINTHOLD_CLI_CLIENT_H

#include <stddef.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/proto/control.h"
#include "printhold/proto/frame.h"

struct ph_client {
    int fd;
    struct ph_buf buf;
};

/* Read the configuration and connect. PH_ERR_CLOSED when nobody answers. */
int ph_client_open(struct ph_client *client, struct ph_why *why);
void ph_client_close(struct ph_client *client);

/* Called for each item; an error ends the request. */
typedef int (*ph_client_item_cb)(const void *body, size_t len, void *arg);

/* Ask and wait for the reply; the error of the reply, or PH_ERR_CLOSED,
 * PH_ERR_TRUNCATED, PH_ERR_TIMEOUT when there was none. why is always set on
 * failure. */
int ph_client_ask(struct ph_client *client,
                  const struct ph_control_request *request,
                  ph_client_item_cb on_item, void *arg, struct ph_why *why);

/* The same in steps, for who waits in between: send a request; take the next
 * frame, an item or a reply without an error. It views the client's buffer. */
int ph_client_send(struct ph_client *client,
                   const struct ph_control_request *request,
                   struct ph_why *why);
int ph_client_take(struct ph_client *client, struct ph_frame *out_frame,
                   struct ph_why *why);

/* Set request->job from what a person typed; PH_ERR_INVALID if it cannot be
 * the name of a job. */
int ph_client_name_job(struct ph_control_request *request, const char *typed,
                       struct ph_why *why);

#endif
