#include "dbus_message_linux.h"

#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define HEAD_BYTES 16 /* up to the length of the fields */
#define PROTOCOL   1
#define TEXT_MAX   1024 /* of an argument of ours */

enum field {
    FIELD_PATH = 1,
    FIELD_INTERFACE = 2,
    FIELD_MEMBER = 3,
    FIELD_ERROR_NAME = 4,
    FIELD_REPLY_SERIAL = 5,
    FIELD_DESTINATION = 6,
    FIELD_SENDER = 7,
    FIELD_SIGNATURE = 8,
    FIELD_UNIX_FDS = 9,
};

/* Reading with alignment, from the beginning of the message or its body. */
struct reader {
    const uint8_t *bytes;
    size_t len;
    size_t at;
    bool is_big_endian;
};

static uint32_t
number_at(const uint8_t *b, bool is_big_endian)
{
    return is_big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
                               (uint32_t)b[2] << 8 | b[3]
                         : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 |
                               (uint32_t)b[1] << 8 | b[0];
}

static int
align(struct reader *reader, size_t to)
{
    const size_t at = (reader->at + to - 1) / to * to;

    if (at > reader->len)
        return PH_ERR_SYNTAX;
    reader->at = at;
    return PH_OK;
}

static int
skip(struct reader *reader, size_t len)
{
    if (len > reader->len - reader->at)
        return PH_ERR_SYNTAX;
    reader->at += len;
    return PH_OK;
}

static int
take_u8(struct reader *reader, uint8_t *out_value)
{
    if (skip(reader, 1) != PH_OK)
        return PH_ERR_SYNTAX;
    *out_value = reader->bytes[reader->at - 1];
    return PH_OK;
}

static int
take_u32(struct reader *reader, uint32_t *out_value)
{
    if (align(reader, 4) != PH_OK || skip(reader, 4) != PH_OK)
        return PH_ERR_SYNTAX;
    *out_value =
        number_at(reader->bytes + reader->at - 4, reader->is_big_endian);
    return PH_OK;
}

/* Text of this length and its NUL. */
static int
take_bytes(struct reader *reader, size_t len, char *dst, size_t cap)
{
    const uint8_t *text = reader->bytes + reader->at;

    if (skip(reader, len) != PH_OK || skip(reader, 1) != PH_OK ||
        text[len] != '\0' || memchr(text, '\0', len) != NULL ||
        !ph_utf8_valid((const char *)text, len))
        return PH_ERR_SYNTAX;
    if (dst == NULL)
        return PH_OK;
    if (len >= cap)
        return PH_ERR_TOO_BIG;
    memcpy(dst, text, len);
    dst[len] = '\0';
    return PH_OK;
}

static int
take_text(struct reader *reader, char *dst, size_t cap)
{
    uint32_t len;

    if (take_u32(reader, &len) != PH_OK)
        return PH_ERR_SYNTAX;
    return take_bytes(reader, len, dst, cap);
}

static int
take_signature(struct reader *reader, char *dst, size_t cap)
{
    uint8_t len;

    if (take_u8(reader, &len) != PH_OK)
        return PH_ERR_SYNTAX;
    return take_bytes(reader, len, dst, cap);
}

/* --- the head --- */

int
ph_dbus_message_len(const void *bytes, size_t len, size_t *out_len)
{
    const uint8_t *b = bytes;
    uint32_t body, fields;
    bool is_big_endian;

    if (len < HEAD_BYTES)
        return PH_ERR_AGAIN;
    if ((b[0] != 'l' && b[0] != 'B') || b[3] != PROTOCOL)
        return PH_ERR_SYNTAX;
    is_big_endian = b[0] == 'B';
    body = number_at(b + 4, is_big_endian);
    fields = number_at(b + 12, is_big_endian);
    if (body > PH_DBUS_MESSAGE_MAX || fields > PH_DBUS_MESSAGE_MAX ||
        HEAD_BYTES + fields + 7 + body > PH_DBUS_MESSAGE_MAX)
        return PH_ERR_TOO_BIG;
    *out_len = (HEAD_BYTES + fields + 7) / 8 * 8 + body;
    return PH_OK;
}

/* Where a field's text goes, and which type it has. */
static char *
text_of(struct ph_dbus_message *message, uint8_t field, char *out_type)
{
    *out_type = 's';
    switch (field) {
    case FIELD_PATH:
        *out_type = 'o';
        return message->path;
    case FIELD_INTERFACE:
        return message->interface;
    case FIELD_MEMBER:
        return message->member;
    case FIELD_ERROR_NAME:
        return message->error;
    case FIELD_SENDER:
        return message->sender;
    case FIELD_SIGNATURE:
        *out_type = 'g';
        return message->signature;
    default:
        return NULL;
    }
}

static int
take_value(struct reader *reader, char type, char *dst, uint32_t *out_number)
{
    switch (type) {
    case 's':
    case 'o':
        return take_text(reader, dst, PH_DBUS_NAME_MAX);
    case 'g':
        return take_signature(reader, dst, PH_DBUS_NAME_MAX);
    case 'u':
        return take_u32(reader, out_number);
    default: /* a field of tomorrow; the bus has none such today */
        return PH_ERR_UNSUPPORTED;
    }
}

static int
take_field(struct reader *reader, struct ph_dbus_message *message)
{
    uint32_t number = 0;
    char type, type_text[2], *dst;
    uint8_t field;
    int err = align(reader, 8);

    if (err == PH_OK)
        err = take_u8(reader, &field);
    if (err == PH_OK)
        err = take_signature(reader, type_text, sizeof(type_text));
    if (err != PH_OK)
        return err == PH_ERR_TOO_BIG ? PH_ERR_UNSUPPORTED : err;
    dst = text_of(message, field, &type);
    if (dst != NULL && type_text[0] != type)
        return PH_ERR_SYNTAX;
    if ((field == FIELD_REPLY_SERIAL || field == FIELD_UNIX_FDS) &&
        type_text[0] != 'u')
        return PH_ERR_SYNTAX;
    err = take_value(reader, type_text[0], dst, &number);
    if (field == FIELD_REPLY_SERIAL)
        message->reply_serial = number;
    else if (field == FIELD_UNIX_FDS)
        message->fds = number;
    return err;
}

int
ph_dbus_message_parse(const void *bytes, size_t len,
                      struct ph_dbus_message *out_message)
{
    const uint8_t *b = bytes;
    struct ph_dbus_message message = {.serial = 0};
    struct reader reader = {.bytes = b, .at = HEAD_BYTES};
    size_t whole;
    int err = ph_dbus_message_len(bytes, len, &whole);

    if (err != PH_OK || whole != len)
        return PH_ERR_SYNTAX;
    if (b[1] < PH_DBUS_CALL || b[1] > PH_DBUS_SIGNAL)
        return PH_ERR_UNSUPPORTED;
    message.type = (enum ph_dbus_type)b[1];
    message.is_big_endian = reader.is_big_endian = b[0] == 'B';
    message.body_len = number_at(b + 4, reader.is_big_endian);
    message.serial = number_at(b + 8, reader.is_big_endian);
    message.body = b + len - message.body_len;
    reader.len = HEAD_BYTES + number_at(b + 12, reader.is_big_endian);
    while (err == PH_OK && reader.at < reader.len)
        err = take_field(&reader, &message);
    if (err == PH_OK)
        *out_message = message;
    return err;
}

/* --- arguments that came --- */

/* At the next argument, which must be of one of these types. */
static int
begin(const struct ph_dbus_message *message, const struct ph_dbus_place *place,
      const char *types, struct reader *out_reader)
{
    if (place->argument >= strlen(message->signature) ||
        strchr(types, message->signature[place->argument]) == NULL)
        return PH_ERR_SYNTAX;
    *out_reader = (struct reader){.bytes = message->body,
                                  .len = message->body_len,
                                  .at = place->at,
                                  .is_big_endian = message->is_big_endian};
    return PH_OK;
}

static int
end(const struct reader *reader, struct ph_dbus_place *place)
{
    place->at = reader->at;
    place->argument++;
    return PH_OK;
}

int
ph_dbus_take_bool(const struct ph_dbus_message *message,
                  struct ph_dbus_place *place, bool *out_value)
{
    struct reader reader;
    uint32_t value;
    int err = begin(message, place, "b", &reader);

    if (err == PH_OK)
        err = take_u32(&reader, &value);
    if (err != PH_OK || value > 1)
        return PH_ERR_SYNTAX;
    *out_value = value == 1;
    return end(&reader, place);
}

int
ph_dbus_take_text(const struct ph_dbus_message *message,
                  struct ph_dbus_place *place, char *dst, size_t cap)
{
    struct reader reader;
    int err = begin(message, place, "so", &reader);

    if (err == PH_OK)
        err = take_text(&reader, dst, cap);
    return err == PH_OK ? end(&reader, place) : err;
}

/* --- calls of ours --- */

static int
put_fill(struct ph_buf *buf, size_t start, size_t to)
{
    static const uint8_t zeros[8] = {0};
    const size_t over = (buf->len - start) % to;

    return over == 0 ? PH_OK : ph_buf_put(buf, zeros, to - over);
}

static int
put_u32(struct ph_buf *buf, size_t start, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8),
                              (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    int err = put_fill(buf, start, 4);

    return err == PH_OK ? ph_buf_put(buf, bytes, sizeof(bytes)) : err;
}

/* With its NUL. */
static int
put_text(struct ph_buf *buf, size_t start, const char *text)
{
    const size_t len = strlen(text);
    int err =
        len > TEXT_MAX ? PH_ERR_INVALID : put_u32(buf, start, (uint32_t)len);

    return err == PH_OK ? ph_buf_put(buf, text, len + 1) : err;
}

static int
put_field(struct ph_buf *buf, size_t start, enum field field, char type,
          const char *text)
{
    const uint8_t head[4] = {(uint8_t)field, 1, (uint8_t)type, 0};
    const uint8_t len = (uint8_t)strlen(text);
    int err = put_fill(buf, start, 8);

    if (err == PH_OK)
        err = ph_buf_put(buf, head, sizeof(head));
    if (err == PH_OK && type != 'g')
        return put_text(buf, start, text);
    if (err == PH_OK)
        err = ph_buf_put(buf, &len, 1);
    return err == PH_OK ? ph_buf_put(buf, text, (size_t)len + 1) : err;
}

static void
set_u32(struct ph_buf *buf, size_t at, size_t value)
{
    for (size_t i = 0; i < 4; i++)
        buf->data[at + i] = (uint8_t)(value >> (8 * i));
}

int
ph_dbus_put_call(struct ph_buf *buf, uint32_t serial,
                 const struct ph_dbus_call *call)
{
    static const char types[PH_DBUS_ARGS_MAX + 1] = "ssss";
    const uint8_t head[8] = {'l', PH_DBUS_CALL, 0, PROTOCOL};
    const size_t start = buf->len;
    size_t body = 0;
    int err = ph_buf_put(buf, head, sizeof(head));

    if (err == PH_OK)
        err = put_u32(buf, start, serial);
    if (err == PH_OK)
        err = put_u32(buf, start, 0); /* length of the fields, below */
    if (err == PH_OK)
        err = put_field(buf, start, FIELD_PATH, 'o', call->path);
    if (err == PH_OK)
        err = put_field(buf, start, FIELD_INTERFACE, 's', call->interface);
    if (err == PH_OK)
        err = put_field(buf, start, FIELD_MEMBER, 's', call->member);
    if (err == PH_OK)
        err = put_field(buf, start, FIELD_DESTINATION, 's', call->destination);
    if (err == PH_OK && call->arg_count > 0)
        err = put_field(buf, start, FIELD_SIGNATURE, 'g',
                        types + PH_DBUS_ARGS_MAX - call->arg_count);
    if (err == PH_OK)
        set_u32(buf, start + 12, buf->len - start - HEAD_BYTES);
    if (err == PH_OK)
        err = put_fill(buf, start, 8);
    body = buf->len;
    for (size_t i = 0; err == PH_OK && i < call->arg_count; i++)
        err = put_text(buf, body, call->args[i]);
    if (err == PH_OK)
        set_u32(buf, start + 4, buf->len - body);
    return err;
}
