/* What a proxy answers to CONNECT (RFC 9110 section 9.3.6, RFC 9112). */
#include "printhold/net/proxy.h"

#include <ctype.h>
#include <string.h>

#include "printhold/base/err.h"

#define STATUS_AT  9  /* behind "HTTP/1.1 " */
#define STATUS_END 12 /* behind "HTTP/1.1 200" */

/* As far as they are there, the bytes must be those of a status line. */
static bool
is_status_line(const char *bytes, size_t len)
{
    static const char version[] = "HTTP/1.";

    for (size_t i = 0; i < len && i < STATUS_END; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (i < sizeof(version) - 1 ? byte != (unsigned char)version[i]
            : i == 8                ? byte != ' '
                                    : !isdigit(byte))
            return false;
    }
    return len <= STATUS_END || bytes[STATUS_END] == ' ' ||
           bytes[STATUS_END] == '\r';
}

/* Where the head ends, or 0. */
static size_t
find_end(const char *bytes, size_t len)
{
    for (size_t i = 3; i < len; i++) {
        if (memcmp(bytes + i - 3, "\r\n\r\n", 4) == 0)
            return i + 1;
    }
    return 0;
}

int
ph_proxy_reply_parse(const void *bytes, size_t len, unsigned *out_status,
                     size_t *out_head)
{
    const char *text = bytes;
    size_t head;

    if (!is_status_line(text, len) ||
        (len > 0 &&
         memchr(text, '\0',
                len < PH_PROXY_HEAD_MAX ? len : PH_PROXY_HEAD_MAX) != NULL))
        return PH_ERR_PROTOCOL;
    head = find_end(text, len);
    if (head == 0)
        return len < PH_PROXY_HEAD_MAX ? PH_ERR_AGAIN : PH_ERR_TOO_BIG;
    if (head > PH_PROXY_HEAD_MAX)
        return PH_ERR_TOO_BIG;
    *out_status = (unsigned)(text[STATUS_AT] - '0') * 100 +
                  (unsigned)(text[STATUS_AT + 1] - '0') * 10 +
                  (unsigned)(text[STATUS_AT + 2] - '0');
    *out_head = head;
    return PH_OK;
}
