#include "printhold/net/reply_headers.h"

#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define SHA256_BASE64 44 /* characters, padding included */

typedef int (*take_value)(struct ph_reply_headers *headers, const char *value,
                          size_t len);

void
ph_reply_headers_init(struct ph_reply_headers *headers)
{
    memset(headers, 0, sizeof(*headers));
}

static int
take_etag(struct ph_reply_headers *headers, const char *value, size_t len)
{
    if (headers->etag[0] != '\0')
        return PH_ERR_PROTOCOL;
    if (len >= 2 && memcmp(value, "W/", 2) == 0)
        return PH_OK;
    if (len < 2 || len >= PH_REPLY_ETAG_MAX || value[0] != '"' ||
        value[len - 1] != '"')
        return PH_ERR_PROTOCOL;
    for (size_t i = 1; i + 1 < len; i++) {
        if (value[i] < 0x21 || value[i] > 0x7e || value[i] == '"')
            return PH_ERR_PROTOCOL;
    }
    memcpy(headers->etag, value, len);
    headers->etag[len] = '\0';
    return PH_OK;
}

static int
take_length(struct ph_reply_headers *headers, const char *value, size_t len)
{
    if (headers->has_length ||
        ph_parse_u64_n(value, len, 0, INT64_MAX, &headers->length) != PH_OK)
        return PH_ERR_PROTOCOL;
    headers->has_length = true;
    return PH_OK;
}

/* "bytes 100-199/200", or "bytes" and "* /200" (416), which tells nothing. */
static int
take_range(struct ph_reply_headers *headers, const char *value, size_t len)
{
    const char *end = value + len;
    const char *dash = NULL;
    const char *slash = NULL;
    uint64_t first;
    uint64_t last;
    uint64_t total;

    if (headers->has_range || len < 6 || memcmp(value, "bytes ", 6) != 0)
        return PH_ERR_PROTOCOL;
    value += 6;
    if (end > value && *value == '*')
        return PH_OK;
    dash = memchr(value, '-', (size_t)(end - value));
    if (dash == NULL)
        return PH_ERR_PROTOCOL;
    slash = memchr(dash, '/', (size_t)(end - dash));
    if (slash == NULL)
        return PH_ERR_PROTOCOL;
    if (ph_parse_u64_n(value, (size_t)(dash - value), 0, INT64_MAX, &first) !=
            PH_OK ||
        ph_parse_u64_n(dash + 1, (size_t)(slash - dash - 1), first, INT64_MAX,
                       &last) != PH_OK ||
        ph_parse_u64_n(slash + 1, (size_t)(end - slash - 1), last + 1,
                       INT64_MAX, &total) != PH_OK)
        return PH_ERR_PROTOCOL;
    headers->has_range = true;
    headers->range_first = first;
    headers->range_last = last;
    headers->range_total = total;
    return PH_OK;
}

/* Exactly 44 characters that decode to 32 bytes and encode to the same. */
static int
decode_sha256(const char *text, size_t len, uint8_t out_sha256[32])
{
    unsigned char bytes[SHA256_BASE64];
    unsigned char again[SHA256_BASE64 + 1];

    if (len != SHA256_BASE64 || text[43] != '=' || text[42] == '=')
        return PH_ERR_PROTOCOL;
    if (EVP_DecodeBlock(bytes, (const unsigned char *)text, SHA256_BASE64) !=
        33)
        return PH_ERR_PROTOCOL;
    (void)EVP_EncodeBlock(again, bytes, PH_REPLY_SHA256_BYTES);
    if (memcmp(again, text, SHA256_BASE64) != 0)
        return PH_ERR_PROTOCOL;
    memcpy(out_sha256, bytes, PH_REPLY_SHA256_BYTES);
    return PH_OK;
}

/* One member "name=:base64:" of the dictionary. */
static int
take_digest_member(struct ph_reply_headers *headers, const char *member,
                   size_t len)
{
    const char *equals = memchr(member, '=', len);
    const char *text = NULL;
    size_t name_len;

    if (equals == NULL)
        return PH_ERR_PROTOCOL;
    name_len = (size_t)(equals - member);
    text = equals + 1;
    len -= name_len + 1;
    if (name_len == 0 || len < 2 || text[0] != ':' || text[len - 1] != ':')
        return PH_ERR_PROTOCOL;
    if (name_len != 7 || memcmp(member, "sha-256", 7) != 0)
        return PH_OK;
    if (headers->has_digest)
        return PH_ERR_PROTOCOL;
    if (decode_sha256(text + 1, len - 2, headers->sha256) != PH_OK)
        return PH_ERR_PROTOCOL;
    headers->has_digest = true;
    return PH_OK;
}

static const char *
skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static size_t
without_blanks(const char *at, size_t len)
{
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    return len;
}

static int
take_digest(struct ph_reply_headers *headers, const char *value, size_t len)
{
    const char *end = value + len;

    for (;;) {
        const char *comma = NULL;
        size_t part;
        int err;

        value = skip_blanks(value, end);
        comma = memchr(value, ',', (size_t)(end - value));
        part = (size_t)((comma != NULL ? comma : end) - value);
        err = take_digest_member(headers, value, without_blanks(value, part));
        if (err != PH_OK || comma == NULL)
            return err;
        value = comma + 1;
    }
}

static int
take_retry_after(struct ph_reply_headers *headers, const char *value,
                 size_t len)
{
    uint64_t seconds;

    if (headers->has_retry_after)
        return PH_ERR_PROTOCOL;
    /* A date is allowed by HTTP; our own back-off serves as well then. */
    if (ph_parse_u64_n(value, len, 0, PH_REPLY_RETRY_AFTER_MAX_S, &seconds) !=
        PH_OK)
        return PH_OK;
    headers->has_retry_after = true;
    headers->retry_after_s = seconds;
    return PH_OK;
}

static const struct {
    const char *name;
    take_value take;
} known[] = {
    {"etag", take_etag},
    {"content-length", take_length},
    {"content-range", take_range},
    {"repr-digest", take_digest},
    {"retry-after", take_retry_after},
};

int
ph_reply_headers_take(struct ph_reply_headers *headers, const char *line,
                      size_t len)
{
    const char *colon = memchr(line, ':', len);
    const char *value = NULL;
    size_t name_len;

    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (colon == NULL || colon >= line + len)
        return PH_OK;
    name_len = (size_t)(colon - line);
    value = skip_blanks(colon + 1, line + len);
    for (size_t i = 0; i < PH_COUNT(known); i++) {
        if (strlen(known[i].name) == name_len &&
            strncasecmp(line, known[i].name, name_len) == 0)
            return known[i].take(
                headers, value,
                without_blanks(value, (size_t)(line + len - value)));
    }
    return PH_OK;
}
