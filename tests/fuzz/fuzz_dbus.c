/* Messages of the bus: names end, the body lies within what came. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dbus_message_linux.h"
#include "printhold/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IS_TEXT(member) (memchr(member, '\0', sizeof(member)) != NULL)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_dbus_message message;
    struct ph_dbus_place place = {0};
    char text[64];
    bool value;
    size_t len;

    if (ph_dbus_message_len(data, size, &len) == PH_OK &&
        (len < 16 || len > PH_DBUS_MESSAGE_MAX))
        abort();
    if (ph_dbus_message_parse(data, size, &message) != PH_OK)
        return 0;
    if (message.body < data || message.body + message.body_len != data + size ||
        !IS_TEXT(message.path) || !IS_TEXT(message.interface) ||
        !IS_TEXT(message.member) || !IS_TEXT(message.error) ||
        !IS_TEXT(message.sender) || !IS_TEXT(message.signature))
        abort();
    while (ph_dbus_take_bool(&message, &place, &value) == PH_OK ||
           ph_dbus_take_text(&message, &place, text, sizeof(text)) == PH_OK)
        if (place.at > message.body_len)
            abort();
    return 0;
}
