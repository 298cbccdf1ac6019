/* The answer of a proxy, the whole and every front of it; then the same bytes
 * as a url and as a list of hosts. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned status = 0;
    size_t head = 0;
    int err = ph_proxy_reply_parse(data, size, &status, &head);
    struct ph_proxy proxy;
    struct ph_ws_url url;
    char text[512];

    if (err == PH_OK && (head > size || status > 999))
        abort();
    for (size_t len = 0; err == PH_OK && len < head && len < 256; len++) {
        size_t part;

        if (ph_proxy_reply_parse(data, len, &status, &part) != PH_ERR_AGAIN)
            abort();
    }
    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    (void)ph_proxy_parse(text, &proxy, NULL);
    (void)ph_ws_url_parse(text, &url, NULL);
    (void)ph_no_proxy_matches(text, "192.0.2.1");
    (void)ph_no_proxy_matches(text, "2001:db8::1");
    (void)ph_no_proxy_matches(text, "broker.example.com");
    return 0;
}
