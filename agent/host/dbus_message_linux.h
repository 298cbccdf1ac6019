/*
 * Messages of D-Bus (D-Bus Specification 0.43, "Message Protocol"), as much of
 * it as we speak: calls whose arguments are text, and reading what comes.
 *
 * Why not sd-bus: libsystemd brings libgcrypt, zstd, lzma and lz4 into a
 * process that shall stay small, for five calls and two signals.
 *
 * Lengths and alignments are checked against the bytes that came, text for its
 * end and for UTF-8 that has no NUL. A message over PH_DBUS_MESSAGE_MAX is
 * refused; the bus sends us none so long.
 */
#ifndef PRINTHOLD_AGENT_DBUS_MESSAGE_LINUX_H
#define PRINTHOLD_AGENT_DBUS_MESSAGE_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"

#define PH_DBUS_MESSAGE_MAX 16384
#define PH_DBUS_NAME_MAX    256 /* with NUL; the specification's longest */
#define PH_DBUS_ARGS_MAX    4

enum ph_dbus_type {
    PH_DBUS_CALL = 1,
    PH_DBUS_RETURN = 2,
    PH_DBUS_ERROR = 3,
    PH_DBUS_SIGNAL = 4,
};

/* A message that came. Names that it does not have are empty. */
struct ph_dbus_message {
    enum ph_dbus_type type;
    uint32_t serial;
    uint32_t reply_serial; /* 0: answers nothing */
    char path[PH_DBUS_NAME_MAX];
    char interface[PH_DBUS_NAME_MAX];
    char member[PH_DBUS_NAME_MAX];
    char error[PH_DBUS_NAME_MAX];
    char sender[PH_DBUS_NAME_MAX];
    char signature[PH_DBUS_NAME_MAX]; /* of the body */
    uint32_t fds;                     /* that belong to it */
    const uint8_t *body;              /* in the bytes that were parsed */
    size_t body_len;
    bool is_big_endian;
};

/* How long the message is that begins here; PH_ERR_AGAIN: not yet known,
 * PH_ERR_TOO_BIG, PH_ERR_SYNTAX. */
int ph_dbus_message_len(const void *bytes, size_t len, size_t *out_len);

/* One whole message. PH_ERR_SYNTAX, PH_ERR_UNSUPPORTED. */
int ph_dbus_message_parse(const void *bytes, size_t len,
                          struct ph_dbus_message *out_message);

/* Where the next argument is; zeroed: the first. */
struct ph_dbus_place {
    size_t at;
    size_t argument;
};

/* The next argument. PH_ERR_SYNTAX when it is not of that type. */
int ph_dbus_take_bool(const struct ph_dbus_message *message,
                      struct ph_dbus_place *place, bool *out_value);
int ph_dbus_take_text(const struct ph_dbus_message *message,
                      struct ph_dbus_place *place, char *dst, size_t cap);

struct ph_dbus_call {
    const char *destination, *path, *interface, *member;
    const char *args[PH_DBUS_ARGS_MAX];
    size_t arg_count;
};

/* Append the call. PH_ERR_INVALID for text too long. */
int ph_dbus_put_call(struct ph_buf *buf, uint32_t serial,
                     const struct ph_dbus_call *call);

#endif
