#include "printhold/proto/http_route.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"

static bool
is_segment_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static bool
matches(const char *pattern, const struct ph_http_text *path,
        char segment[PH_HTTP_SEGMENT_MAX])
{
    size_t at = 0;

    segment[0] = '\0';
    while (*pattern != '\0') {
        size_t len = 0;

        if (pattern[0] != '{') {
            if (at == path->len || path->at[at] != *pattern)
                return false;
            at++;
            pattern++;
            continue;
        }
        while (at + len < path->len && is_segment_byte(path->at[at + len]))
            len++;
        if (len == 0 || len >= PH_HTTP_SEGMENT_MAX)
            return false;
        memcpy(segment, path->at + at, len);
        segment[len] = '\0';
        at += len;
        pattern += 2;
    }
    return at == path->len;
}

static void
add_method(char allow[PH_HTTP_ALLOW_MAX], enum ph_http_method method)
{
    static const char *const names[] = {"GET, HEAD", "HEAD", "POST", "DELETE"};
    size_t len = strlen(allow);

    if (method > PH_HTTP_DELETE || strstr(allow, names[method]) != NULL)
        return;
    (void)snprintf(allow + len, PH_HTTP_ALLOW_MAX - len, "%s%s",
                   len > 0 ? ", " : "", names[method]);
}

int
ph_http_route_find(const struct ph_http_route *table, size_t count,
                   const struct ph_http_request *request,
                   struct ph_http_match *out_match,
                   char allow[PH_HTTP_ALLOW_MAX])
{
    enum ph_http_method method =
        request->method == PH_HTTP_HEAD ? PH_HTTP_GET : request->method;
    struct ph_http_match match;

    allow[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!matches(table[i].pattern, &request->path, match.segment))
            continue;
        if (table[i].method == method) {
            match.route = &table[i];
            *out_match = match;
            return PH_OK;
        }
        add_method(allow, table[i].method);
    }
    return allow[0] != '\0' ? PH_ERR_DENIED : PH_ERR_NOT_FOUND;
}
