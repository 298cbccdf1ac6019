#include "printhold/net/ws_url.h"

#include <stdbool.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define SCHEME       "wss://"
#define DEFAULT_PORT 443
#define DEFAULT_PATH "/mqtt"

static const char host_bytes[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

/* Visible ASCII without what would end the request line or the path. */
static bool
is_path(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text >= 0x7f || *text == '#' || *text == '"')
            return false;
    }
    return true;
}

static int
parse_port(const char *text, size_t len, uint16_t *out_port)
{
    uint64_t port;
    int err = ph_parse_u64_n(text, len, 1, 65535, &port);

    if (err == PH_OK)
        *out_port = (uint16_t)port;
    return err;
}

const char *
ph_net_take_host(const char *text, char *dst, size_t cap)
{
    bool is_bracketed = text[0] == '[';
    const char *host = is_bracketed ? text + 1 : text;
    size_t len = is_bracketed ? strcspn(host, "]") : strspn(host, host_bytes);
    struct in6_addr address;

    if (len == 0 || len >= cap || (is_bracketed && host[len] != ']'))
        return NULL;
    memcpy(dst, host, len);
    dst[len] = '\0';
    if (is_bracketed && inet_pton(AF_INET6, dst, &address) != 1)
        return NULL;
    return host + len + (is_bracketed ? 1 : 0);
}

size_t
ph_ws_url_count(const char *urls)
{
    size_t count = 0;

    for (urls += strspn(urls, " "); *urls != '\0'; urls += strspn(urls, " ")) {
        urls += strcspn(urls, " ");
        count++;
    }
    return count;
}

int
ph_ws_url_parse(const char *text, struct ph_ws_url *out_url, struct ph_why *why)
{
    struct ph_ws_url url = {.port = DEFAULT_PORT, .path = DEFAULT_PATH};
    const char *path;

    if (strncmp(text, SCHEME, sizeof(SCHEME) - 1) != 0)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud url must begin with " SCHEME ": %s", text);
    path =
        ph_net_take_host(text + sizeof(SCHEME) - 1, url.host, sizeof(url.host));
    if (path == NULL)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud url needs a host name, an IPv4 address or an "
                           "IPv6 address in brackets, of at most %d "
                           "characters: %s",
                           PH_WS_HOST_MAX - 1, text);
    if (*path == ':') {
        size_t port_len = strcspn(path + 1, "/");

        if (parse_port(path + 1, port_len, &url.port) != PH_OK)
            return ph_why_fail(why, PH_ERR_CONFIG,
                               "cloud url has a port out of 1 to 65535: %s",
                               text);
        path += 1 + port_len;
    }
    if (*path != '\0' &&
        (*path != '/' || strlen(path) >= sizeof(url.path) || !is_path(path)))
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud url has a bad host name or path: %s", text);
    if (*path != '\0')
        memcpy(url.path, path, strlen(path) + 1);
    *out_url = url;
    return PH_OK;
}
