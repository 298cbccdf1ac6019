/* The list of hosts that are reached without the proxy. */
#include "printhold/net/proxy.h"

#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define ENTRY_MAX 128
#define BLANKS    ", \t"

/* An address as bytes; the number of them, 0 when the text is none. */
static size_t
parse_address(const char *text, uint8_t bytes[16])
{
    if (inet_pton(AF_INET, text, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

static bool
is_same_prefix(const uint8_t *one, const uint8_t *other, uint64_t bits)
{
    size_t whole = (size_t)(bits / 8);
    unsigned rest = (unsigned)(bits % 8);
    unsigned mask = 0xff00u >> rest & 0xffu;

    return memcmp(one, other, whole) == 0 &&
           (rest == 0 || ((one[whole] ^ other[whole]) & mask) == 0);
}

/* "192.0.2.0/24", "2001:db8::/32", "[::1]" or one without a length. */
static bool
matches_address(char *entry, const uint8_t *address, size_t size)
{
    char *slash = strchr(entry, '/');
    size_t len = strlen(entry);
    uint64_t bits = size * 8;
    uint8_t bytes[16];

    if (slash != NULL) {
        *slash = '\0';
        if (ph_parse_u64(slash + 1, 0, bits, &bits) != PH_OK)
            return false;
    } else if (entry[0] == '[' && entry[len - 1] == ']') {
        entry[len - 1] = '\0';
        entry++;
    }
    return parse_address(entry, bytes) == size &&
           is_same_prefix(bytes, address, bits);
}

/* "example.com" and ".example.com" both mean the name and all below it. */
static bool
matches_name(const char *entry, const char *host)
{
    size_t host_len = strlen(host), len;

    if (entry[0] == '.')
        entry++;
    len = strlen(entry);
    if (len == 0 || len > host_len ||
        strcasecmp(host + host_len - len, entry) != 0)
        return false;
    return len == host_len || host[host_len - len - 1] == '.';
}

bool
ph_no_proxy_matches(const char *list, const char *host)
{
    uint8_t address[16];
    size_t size = parse_address(host, address);

    for (const char *at = list + strspn(list, BLANKS); *at != '\0';
         at += strspn(at, BLANKS)) {
        size_t len = strcspn(at, BLANKS);
        char entry[ENTRY_MAX];
        bool fits = len < sizeof(entry);

        if (fits) {
            memcpy(entry, at, len);
            entry[len] = '\0';
        }
        at += len;
        if (!fits)
            continue;
        if (strcmp(entry, "*") == 0 ||
            (size > 0 ? matches_address(entry, address, size)
                      : matches_name(entry, host)))
            return true;
    }
    return false;
}
