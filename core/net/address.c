#include "printhold/net/address.h"

#include <stdbool.h>
#include <stdio.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

static bool
is_host_char(char c, bool bracketed)
{
    if (bracketed)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
               (c >= 'A' && c <= 'F') || c == ':' || c == '.';
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
}

int
ph_address_authority(const char *text, char out_authority[PH_ADDRESS_MAX])
{
    return ph_address_authority_at(text, PH_ADDRESS_PORT_DEFAULT,
                                   out_authority);
}

int
ph_address_authority_at(const char *workstation, unsigned otherwise,
                        char out_authority[PH_ADDRESS_MAX])
{
    bool bracketed = workstation[0] == '[';
    const char *at = workstation + bracketed;
    uint64_t port = otherwise;
    size_t host_len = 0;

    while (at[host_len] != '\0' && is_host_char(at[host_len], bracketed))
        host_len++;
    if (host_len == 0 || host_len > 255 || at[0] == '-')
        return PH_ERR_SYNTAX;
    at += host_len;
    if (bracketed && *at++ != ']')
        return PH_ERR_SYNTAX;
    if (*at == ':' && ph_parse_u64(at + 1, 1, 65535, &port) != PH_OK)
        return PH_ERR_SYNTAX;
    if (*at != ':' && *at != '\0')
        return PH_ERR_SYNTAX;
    (void)snprintf(out_authority, PH_ADDRESS_MAX, "%s%.*s%s:%u",
                   bracketed ? "[" : "", (int)host_len, workstation + bracketed,
                   bracketed ? "]" : "", (unsigned)port);
    return PH_OK;
}
