/*
 * The road to broker and hub through an HTTP proxy (CONNECT, RFC 9110 section
 * 9.3.6): which proxy, for which hosts, and what it answers. TLS goes through
 * it from end to end: the proxy sees the name of the other end, and no byte of
 * what is said.
 */
#ifndef PRINTHOLD_NET_PROXY_H
#define PRINTHOLD_NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/model/config.h"
#include "printhold/net/ws_url.h"

#define PH_PROXY_HEAD_MAX 8192 /* status line and fields of the answer */

struct ph_proxy {
    char host[PH_WS_HOST_MAX]; /* empty: no proxy */
    uint16_t port;
};

/* As they stand in the configuration ([cloud]); NULL and empty are the same. */
struct ph_proxy_settings {
    const char *proxy;            /* as ph_proxy_parse reads it */
    const char *no_proxy;         /* as ph_no_proxy_matches does */
    const char *credentials_file; /* "user:password", base/secret_file.h */
};

/* Views into config. */
struct ph_proxy_settings ph_proxy_settings_of(const struct ph_config *config);

/* "http://host:port", "none" or "". PH_ERR_CONFIG with words. */
int ph_proxy_parse(const char *text, struct ph_proxy *out_proxy,
                   struct ph_why *why);

/*
 * Is this host of a url reached without the proxy? The list has entries with
 * commas or blanks between them: a name means itself and everything below it,
 * with or without a dot in front; an address or a network ("192.0.2.0/24",
 * "2001:db8::/32") means hosts that the url gives as an address; "*" means all.
 * Names are not looked up. What cannot be read matches nothing.
 */
bool ph_no_proxy_matches(const char *list, const char *host);

/*
 * The front of an answer to CONNECT. PH_OK: *out_status is its status and
 * *out_head the bytes of its head. PH_ERR_AGAIN: incomplete so far.
 * PH_ERR_TOO_BIG over PH_PROXY_HEAD_MAX, PH_ERR_PROTOCOL when it is no HTTP.
 */
int ph_proxy_reply_parse(const void *bytes, size_t len, unsigned *out_status,
                         size_t *out_head);

#endif
