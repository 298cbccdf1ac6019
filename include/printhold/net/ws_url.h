/*
 * The address of a broker: "wss://host[:port][/path]" (RFC 6455 section 3).
 *
 * Only wss: there is no way to ask for an unprotected connection. The host is
 * a name or an IPv4 address; IPv6 literals are refused because libwebsockets
 * cuts the name that it verifies at the first colon. Port 443 and path
 * "/mqtt" unless said.
 */
#ifndef PRINTHOLD_NET_WS_URL_H
#define PRINTHOLD_NET_WS_URL_H

#include <stdint.h>

#include "printhold/base/why.h"

#define PH_WS_HOST_MAX 128 /* what libwebsockets verifies at most */
#define PH_WS_PATH_MAX 256

struct ph_ws_url {
    char host[PH_WS_HOST_MAX];
    uint16_t port;
    char path[PH_WS_PATH_MAX];
};

/* PH_ERR_CONFIG with words for everything else. */
int ph_ws_url_parse(const char *text, struct ph_ws_url *out_url,
                    struct ph_why *why);

#endif
