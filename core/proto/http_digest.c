/* Fields of RFC 9530. */
#include <string.h>

#include "printhold/proto/http.h"

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "key=weight": 1 for sha-256 with a weight, 0 for anything else that is well
 * formed, -1 for what is not. */
static int
read_member(const char *at, size_t len)
{
    static const char key[] = "sha-256";
    const char *equals;
    size_t key_len;

    while (len > 0 && is_blank(*at)) {
        at++;
        len--;
    }
    while (len > 0 && is_blank(at[len - 1]))
        len--;
    equals = memchr(at, '=', len);
    if (equals == NULL || equals == at)
        return -1;
    key_len = (size_t)(equals - at);
    len -= key_len + 1;
    if (len == 2 && memcmp(equals + 1, "10", 2) == 0)
        len = 1;
    else if (len != 1 || equals[1] < '0' || equals[1] > '9')
        return -1;
    return key_len == sizeof(key) - 1 && memcmp(at, key, key_len) == 0 &&
           equals[1] != '0';
}

bool
ph_http_wants_sha256(const struct ph_http_text *value)
{
    const char *at = value->at;
    size_t left = value->len;
    bool wants = false;

    for (;;) {
        const char *comma = memchr(at, ',', left);
        size_t len = comma != NULL ? (size_t)(comma - at) : left;
        int member = read_member(at, len);

        if (member < 0)
            return false;
        wants = wants || member == 1;
        if (comma == NULL)
            return wants;
        at += len + 1;
        left -= len + 1;
    }
}
