/*
 * The address of a broker: "wss://host[:port][/path]" (RFC 6455 section 3).
 *
 * Only wss: there is no way to ask for an unprotected connection. The host is
 * a name, an IPv4 address or an IPv6 address in brackets (RFC 3986 section
 * 3.2.2). Port 443 and path "/mqtt" unless said.
 */
#ifndef PRINTHOLD_NET_WS_URL_H
#define PRINTHOLD_NET_WS_URL_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"

#define PH_WS_HOST_MAX 128
#define PH_WS_PATH_MAX 256
#define PH_WS_URLS_MAX 8 /* in one setting */

struct ph_ws_url {
    char host[PH_WS_HOST_MAX]; /* an IPv6 address without its brackets */
    uint16_t port;
    char path[PH_WS_PATH_MAX];
};

/* PH_ERR_CONFIG with words for everything else. */
int ph_ws_url_parse(const char *text, struct ph_ws_url *out_url,
                    struct ph_why *why);

/* How many words, with blanks between them, a list of urls has. */
size_t ph_ws_url_count(const char *urls);

/* The host at the front of text, as above, to dst; what is behind it, or NULL
 * when there is none of that form or it does not fit. */
const char *ph_net_take_host(const char *text, char *dst, size_t cap);

#endif
