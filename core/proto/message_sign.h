/* Claims into tokens. Private to core/proto. */
#ifndef PRINTHOLD_CORE_PROTO_MESSAGE_SIGN_H
#define PRINTHOLD_CORE_PROTO_MESSAGE_SIGN_H

#include "printhold/proto/json.h"
#include "printhold/proto/message_put.h"

int ph_message_head_put(const struct ph_message_head *head, json_t *root);

/* Sign root, which is released, when err is PH_OK and check takes its text. */
int ph_message_sign(json_t *root, int err, const char *type,
                    int (*check)(const void *json, size_t len),
                    const struct ph_jws_key *key, struct ph_buf *out_token);

#endif
