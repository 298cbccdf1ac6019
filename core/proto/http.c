#include "printhold/proto/http.h"

#include <string.h>
#include <strings.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

/* Fields that may stand once only: two of them are two opinions about one
 * request, and whoever is in between may have taken the other one. */
static const char *const single_fields[] = {
    "Host",     "Content-Length", "Transfer-Encoding", "Authorization",
    "Range",    "If-Range",       "Content-Type",      "Expect",
    "If-Match", "If-None-Match",
};

struct reader {
    const char *at;
    const char *end;
};

/* RFC 9110 section 5.6.2: tchar. */
static bool
is_token_byte(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

/* RFC 3986: pchar, "/", "?" (and "%" of an escape). */
static bool
is_target_byte(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("-._~!$&'()*+,;=:@/?%", c) != NULL;
}

static bool
text_equals(const struct ph_http_text *text, const char *expected)
{
    size_t len = strlen(expected);

    return text->len == len && strncasecmp(text->at, expected, len) == 0;
}

bool
ph_http_text_is(const struct ph_http_text *text, const char *expected)
{
    size_t len = strlen(expected);

    return text->len == len && memcmp(text->at, expected, len) == 0;
}

size_t
ph_http_head_length(const void *bytes, size_t len, size_t *scanned)
{
    const char *text = bytes;
    size_t from = *scanned > 3 ? *scanned - 3 : 0;
    const char *found;

    if (len < 4 || from >= len)
        return 0;
    found = memmem(text + from, len - from, "\r\n\r\n", 4);
    if (found != NULL)
        return (size_t)(found - text) + 4;
    *scanned = len;
    return 0;
}

/* The next line, without its CRLF. Every byte of it is HTAB or visible. */
static int
next_line(struct reader *in, struct ph_http_text *out_line)
{
    const char *at = in->at;

    while (at < in->end && *at != '\r') {
        if ((*at < ' ' && *at != '\t') || *at > '~')
            return PH_ERR_SYNTAX;
        at++;
    }
    if (in->end - at < 2 || at[1] != '\n')
        return PH_ERR_SYNTAX;
    out_line->at = in->at;
    out_line->len = (size_t)(at - in->at);
    in->at = at + 2;
    return PH_OK;
}

static enum ph_http_method
method_of(const struct ph_http_text *name)
{
    static const struct {
        const char *name;
        enum ph_http_method method;
    } methods[] = {{"GET", PH_HTTP_GET},
                   {"HEAD", PH_HTTP_HEAD},
                   {"POST", PH_HTTP_POST},
                   {"DELETE", PH_HTTP_DELETE}};

    for (size_t i = 0; i < PH_COUNT(methods); i++) {
        if (ph_http_text_is(name, methods[i].name))
            return methods[i].method;
    }
    return PH_HTTP_OTHER;
}

static int
parse_method(struct ph_http_text *line, enum ph_http_method *out_method)
{
    struct ph_http_text name = {line->at, 0};

    while (name.len < line->len && is_token_byte(line->at[name.len]))
        name.len++;
    if (name.len == 0 || name.len > PH_HTTP_METHOD_MAX ||
        name.len == line->len || line->at[name.len] != ' ')
        return PH_ERR_SYNTAX;
    line->at += name.len + 1;
    line->len -= name.len + 1;
    *out_method = method_of(&name);
    return PH_OK;
}

static int
parse_target(struct ph_http_text *line, struct ph_http_request *request)
{
    struct ph_http_text target = {line->at, 0};
    const char *mark;

    while (target.len < line->len && is_target_byte(line->at[target.len]))
        target.len++;
    if (target.len == 0 || target.at[0] != '/' || target.len == line->len ||
        line->at[target.len] != ' ')
        return PH_ERR_SYNTAX;
    if (target.len > PH_HTTP_TARGET_MAX)
        return PH_ERR_INVALID;
    line->at += target.len + 1;
    line->len -= target.len + 1;
    request->path = target;
    request->query = (struct ph_http_text){target.at + target.len, 0};
    mark = memchr(target.at, '?', target.len);
    if (mark != NULL) {
        request->path.len = (size_t)(mark - target.at);
        request->query.at = mark + 1;
        request->query.len = target.len - request->path.len - 1;
    }
    return PH_OK;
}

static int
parse_version(const struct ph_http_text *version)
{
    const char *v = version->at;

    if (version->len != 8 || memcmp(v, "HTTP/", 5) != 0 || v[5] < '0' ||
        v[5] > '9' || v[6] != '.' || v[7] < '0' || v[7] > '9')
        return PH_ERR_SYNTAX;
    return v[5] == '1' && v[7] == '1' ? PH_OK : PH_ERR_PROTOCOL;
}

static int
parse_request_line(struct reader *in, struct ph_http_request *request)
{
    struct ph_http_text line;
    int err = next_line(in, &line);

    if (err == PH_OK)
        err = parse_method(&line, &request->method);
    if (err == PH_OK)
        err = parse_target(&line, request);
    if (err == PH_OK)
        err = parse_version(&line);
    return err;
}

static struct ph_http_text
trim(struct ph_http_text text)
{
    while (text.len > 0 && (*text.at == ' ' || *text.at == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 &&
           (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static int
parse_field(const struct ph_http_text *line, struct ph_http_field *out_field)
{
    size_t name_len = 0;

    /* A folded line starts with a blank: no token byte, refused here. */
    while (name_len < line->len && is_token_byte(line->at[name_len]))
        name_len++;
    if (name_len == 0 || name_len == line->len || line->at[name_len] != ':')
        return PH_ERR_SYNTAX;
    out_field->name = (struct ph_http_text){line->at, name_len};
    out_field->value = trim((struct ph_http_text){line->at + name_len + 1,
                                                  line->len - name_len - 1});
    return PH_OK;
}

static int
parse_fields(struct reader *in, struct ph_http_request *request)
{
    for (;;) {
        struct ph_http_text line;
        int err = next_line(in, &line);

        if (err != PH_OK)
            return err;
        if (line.len == 0)
            return in->at == in->end ? PH_OK : PH_ERR_SYNTAX;
        if (request->field_count == PH_HTTP_FIELDS_MAX)
            return PH_ERR_TOO_BIG;
        err = parse_field(&line, &request->field[request->field_count]);
        if (err != PH_OK)
            return err;
        request->field_count++;
    }
}

const struct ph_http_text *
ph_http_field(const struct ph_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        if (text_equals(&request->field[i].name, name))
            return &request->field[i].value;
    }
    return NULL;
}

static int
check_single(const struct ph_http_request *request)
{
    for (size_t s = 0; s < PH_COUNT(single_fields); s++) {
        size_t found = 0;

        for (size_t i = 0; i < request->field_count; i++)
            found += text_equals(&request->field[i].name, single_fields[s]);
        if (found > 1)
            return PH_ERR_SYNTAX;
    }
    return PH_OK;
}

static int
check_host(const struct ph_http_request *request)
{
    const struct ph_http_text *host = ph_http_field(request, "Host");

    if (host == NULL || host->len == 0)
        return PH_ERR_SYNTAX;
    for (size_t i = 0; i < host->len; i++) {
        char c = host->at[i];

        if (!is_token_byte(c) && strchr("[]:", c) == NULL)
            return PH_ERR_SYNTAX;
    }
    return PH_OK;
}

/* Decimal digits; false for none, other bytes, or more than fits. */
static bool
read_digits(struct ph_http_text text, uint64_t *out_value)
{
    uint64_t value = 0;

    if (text.len == 0 || text.len > 19)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    *out_value = value;
    return true;
}

static int
check_body(struct ph_http_request *request)
{
    const struct ph_http_text *length =
        ph_http_field(request, "Content-Length");

    if (ph_http_field(request, "Transfer-Encoding") != NULL)
        return PH_ERR_UNSUPPORTED;
    if (length != NULL && !read_digits(*length, &request->content_length))
        return PH_ERR_SYNTAX;
    return PH_OK;
}

static int
check_expect(struct ph_http_request *request)
{
    const struct ph_http_text *expect = ph_http_field(request, "Expect");

    if (expect == NULL)
        return PH_OK;
    if (!text_equals(expect, "100-continue"))
        return PH_ERR_STATE;
    request->expect_continue = true;
    return PH_OK;
}

/* Does the comma-separated list have this word? */
static bool
list_has(struct ph_http_text list, const char *word)
{
    while (list.len > 0) {
        const char *comma = memchr(list.at, ',', list.len);
        size_t len = comma == NULL ? list.len : (size_t)(comma - list.at);
        struct ph_http_text item = trim((struct ph_http_text){list.at, len});

        if (text_equals(&item, word))
            return true;
        len += comma != NULL;
        list.at += len;
        list.len -= len;
    }
    return false;
}

static void
check_connection(struct ph_http_request *request)
{
    request->keep_alive = true;
    for (size_t i = 0; i < request->field_count; i++) {
        if (text_equals(&request->field[i].name, "Connection") &&
            list_has(request->field[i].value, "close"))
            request->keep_alive = false;
    }
}

int
ph_http_parse_head(const void *head, size_t len,
                   struct ph_http_request *out_request)
{
    struct ph_http_request request;
    struct reader in = {head, (const char *)head + len};
    int err;

    if (len > PH_HTTP_HEAD_MAX)
        return PH_ERR_TOO_BIG;
    request.field_count = 0;
    request.content_length = 0;
    request.expect_continue = false;
    err = parse_request_line(&in, &request);
    if (err == PH_OK)
        err = parse_fields(&in, &request);
    if (err == PH_OK)
        err = check_single(&request);
    if (err == PH_OK)
        err = check_host(&request);
    if (err == PH_OK)
        err = check_body(&request);
    if (err == PH_OK)
        err = check_expect(&request);
    if (err != PH_OK)
        return err;
    check_connection(&request);
    *out_request = request;
    return PH_OK;
}

unsigned
ph_http_error_status(int err)
{
    switch (err) {
    case PH_ERR_INVALID:
        return 414;
    case PH_ERR_STATE:
        return 417;
    case PH_ERR_TOO_BIG:
        return 431;
    case PH_ERR_UNSUPPORTED:
        return 501;
    case PH_ERR_PROTOCOL:
        return 505;
    default:
        return 400;
    }
}

/* A number that does not fit in 19 digits is far behind the end of anything:
 * it counts as the largest one. */
static bool
read_position(struct ph_http_text text, uint64_t *out_value)
{
    if (text.len > 19) {
        for (size_t i = 0; i < text.len; i++) {
            if (text.at[i] < '0' || text.at[i] > '9')
                return false;
        }
        *out_value = UINT64_MAX;
        return true;
    }
    return read_digits(text, out_value);
}

static int
suffix_range(struct ph_http_text text, uint64_t size, uint64_t *out_first,
             uint64_t *out_last)
{
    uint64_t count;

    if (!read_position(text, &count))
        return PH_ERR_SYNTAX;
    if (count == 0 || size == 0)
        return PH_ERR_INVALID;
    *out_first = count < size ? size - count : 0;
    *out_last = size - 1;
    return PH_OK;
}

int
ph_http_range(const struct ph_http_text *value, uint64_t size,
              uint64_t *out_first, uint64_t *out_last)
{
    struct ph_http_text from, to;
    uint64_t first, last = UINT64_MAX;
    const char *dash;

    if (value->len < 6 || strncasecmp(value->at, "bytes=", 6) != 0)
        return PH_ERR_UNSUPPORTED;
    from = trim((struct ph_http_text){value->at + 6, value->len - 6});
    if (memchr(from.at, ',', from.len) != NULL)
        return PH_ERR_UNSUPPORTED;
    dash = memchr(from.at, '-', from.len);
    if (dash == NULL)
        return PH_ERR_SYNTAX;
    to.at = dash + 1;
    to.len = from.len - (size_t)(dash - from.at) - 1;
    from.len = (size_t)(dash - from.at);
    if (from.len == 0)
        return suffix_range(to, size, out_first, out_last);
    if (!read_position(from, &first) ||
        (to.len > 0 && !read_position(to, &last)) || last < first)
        return PH_ERR_SYNTAX;
    if (first >= size)
        return PH_ERR_INVALID;
    *out_first = first;
    *out_last = last < size ? last : size - 1;
    return PH_OK;
}

const char *
ph_http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } reasons[] = {
        {100, "Continue"},
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {206, "Partial Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < PH_COUNT(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return "";
}

int
ph_http_put_status(struct ph_buf *buf, unsigned status)
{
    return ph_buf_printf(buf, "HTTP/1.1 %u %s\r\n", status,
                         ph_http_reason(status));
}

int
ph_http_put_field(struct ph_buf *buf, const char *name, const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            return PH_ERR_INVALID;
    }
    return ph_buf_printf(buf, "%s: %s\r\n", name, value);
}
