#include "printhold/net/proxy.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define SCHEME "http://"

struct ph_proxy_settings
ph_proxy_settings_of(const struct ph_config *config)
{
    return (struct ph_proxy_settings){
        .proxy = config->cloud_proxy,
        .no_proxy = config->cloud_no_proxy,
        .credentials_file = config->cloud_proxy_credentials_file,
    };
}

int
ph_proxy_parse(const char *text, struct ph_proxy *out_proxy, struct ph_why *why)
{
    struct ph_proxy proxy = {.port = 0};
    const char *rest = text + sizeof(SCHEME) - 1;
    uint64_t port;
    size_t len;

    if (text[0] == '\0' || strcmp(text, "none") == 0) {
        *out_proxy = proxy;
        return PH_OK;
    }
    if (strncmp(text, SCHEME, sizeof(SCHEME) - 1) != 0)
        goto bad;
    rest = ph_net_take_host(rest, proxy.host, sizeof(proxy.host));
    if (rest == NULL || *rest != ':')
        goto bad;
    len = strcspn(rest + 1, "/");
    if (ph_parse_u64_n(rest + 1, len, 1, 65535, &port) != PH_OK ||
        (rest[1 + len] != '\0' && strcmp(rest + 1 + len, "/") != 0))
        goto bad;
    proxy.port = (uint16_t)port;
    *out_proxy = proxy;
    return PH_OK;
bad:
    return ph_why_fail(why, PH_ERR_CONFIG,
                       "cloud.proxy must be " SCHEME "host:port or none; the "
                       "password stands in cloud.proxy_credentials_file");
}
