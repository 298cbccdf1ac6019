#include "printhold/proto/denied.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "denied_private.h"
#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/jws.h"

#define LINE_MAX_BYTES 256
#define DIGEST_BYTES   32

/* An id or a thumbprint; they cannot be mistaken for each other, since a
 * thumbprint is longer than any id. */
typedef char denied_name[PH_THUMBPRINT_TEXT];

struct ph_denied {
    size_t count;
    size_t cap;
    denied_name *names; /* sorted once all are there */
};

static int
compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

struct ph_denied *
ph_denied_new(void)
{
    return calloc(1, sizeof(struct ph_denied));
}

static int
add(struct ph_denied *denied, const char *name)
{
    if (denied->count == denied->cap) {
        size_t cap = denied->cap > 0 ? 2 * denied->cap : 16;
        denied_name *names = realloc(denied->names, cap * sizeof(*names));

        if (names == NULL)
            return PH_ERR_NOMEM;
        denied->names = names;
        denied->cap = cap;
    }
    memcpy(denied->names[denied->count++], name, strlen(name) + 1);
    return PH_OK;
}

/* 64 hex digits, with a colon between bytes everywhere or nowhere. */
static int
parse_digest(const char *text, size_t len, uint8_t digest[DIGEST_BYTES])
{
    size_t step = len == 3 * DIGEST_BYTES - 1 ? 3 : 2;

    if (step == 2 && len != 2 * DIGEST_BYTES)
        return PH_ERR_SYNTAX;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        const char *at = text + i * step;
        char pair[3] = {at[0], at[1], '\0'};

        if (!isxdigit((unsigned char)pair[0]) ||
            !isxdigit((unsigned char)pair[1]) ||
            (step == 3 && i + 1 < DIGEST_BYTES && at[2] != ':'))
            return PH_ERR_SYNTAX;
        digest[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return PH_OK;
}

static int
add_certificate(struct ph_denied *denied, const char *text, size_t len)
{
    uint8_t digest[DIGEST_BYTES];
    struct ph_buf thumbprint;
    int err = parse_digest(text, len, digest);

    if (err != PH_OK)
        return err;
    ph_buf_init(&thumbprint, 2 * PH_THUMBPRINT_TEXT);
    err = ph_base64url_encode(digest, sizeof(digest), &thumbprint);
    if (err == PH_OK)
        err = add(denied, ph_buf_str(&thumbprint));
    ph_buf_close(&thumbprint);
    return err;
}

int
ph_denied_add_printer(struct ph_denied *denied, const char *text, size_t len)
{
    denied_name name;

    if (len == 0 || len >= PH_IDENTITY_MAX)
        return PH_ERR_SYNTAX;
    memcpy(name, text, len);
    name[len] = '\0';
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
        return PH_ERR_SYNTAX;
    return add(denied, name);
}

int
ph_denied_add_thumbprint(struct ph_denied *denied, const char *text)
{
    struct ph_buf digest;
    int err;

    if (strlen(text) != PH_THUMBPRINT_TEXT - 1)
        return PH_ERR_SYNTAX;
    ph_buf_init(&digest, 2 * DIGEST_BYTES);
    err = ph_base64url_decode(text, strlen(text), &digest);
    if (err == PH_OK && digest.len != DIGEST_BYTES)
        err = PH_ERR_SYNTAX;
    ph_buf_close(&digest);
    return err == PH_OK ? add(denied, text) : err;
}

void
ph_denied_sort(struct ph_denied *denied)
{
    if (denied->count > 0)
        qsort(denied->names, denied->count, sizeof(denied->names[0]), compare);
}

int
ph_denied_join(struct ph_denied **denied, struct ph_denied *more)
{
    int err = PH_OK;

    if (*denied == NULL || more == NULL) {
        if (*denied == NULL)
            *denied = more;
        return PH_OK;
    }
    for (size_t i = 0; i < more->count && err == PH_OK; i++)
        err = add(*denied, more->names[i]);
    ph_denied_sort(*denied);
    ph_denied_free(more);
    return err;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* What stands behind the word and blanks; NULL when it is another word. */
static const char *
behind(const char *line, const char *end, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(end - line) <= len || memcmp(line, word, len) != 0 ||
        !is_blank(line[len]))
        return NULL;
    for (line += len; line < end && is_blank(*line);)
        line++;
    return line;
}

static int
parse_line(struct ph_denied *denied, const char *line, const char *end)
{
    const char *value;

    while (line < end && is_blank(*line))
        line++;
    while (end > line && (is_blank(end[-1]) || end[-1] == '\r'))
        end--;
    if (line == end || *line == '#')
        return PH_OK;
    if (denied->count == PH_DENIED_ENTRIES_MAX)
        return PH_ERR_LIMIT;
    value = behind(line, end, "printer");
    if (value != NULL)
        return ph_denied_add_printer(denied, value, (size_t)(end - value));
    value = behind(line, end, "certificate");
    if (value != NULL)
        return add_certificate(denied, value, (size_t)(end - value));
    return PH_ERR_SYNTAX;
}

static int
explain(int err, const char *name, size_t number, struct ph_why *why)
{
    switch (err) {
    case PH_ERR_NOMEM:
        return ph_why_fail(why, err, "%s: out of memory", name);
    case PH_ERR_LIMIT:
        return ph_why_fail(why, PH_ERR_CONFIG, "%s: more than %d entries", name,
                           PH_DENIED_ENTRIES_MAX);
    default:
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s line %zu: must be \"printer ID\" or "
                           "\"certificate SHA-256\"",
                           name, number);
    }
}

static int
parse_lines(struct ph_denied *denied, const char *name, const char *text,
            size_t len, struct ph_why *why)
{
    const char *stop;
    size_t number = 0;

    if (len == 0) /* text may be NULL */
        return PH_OK;
    stop = text + len;

    while (text < stop) {
        const char *end = memchr(text, '\n', (size_t)(stop - text));
        int err;

        if (end == NULL)
            end = stop;
        number++;
        err = end - text > LINE_MAX_BYTES ? PH_ERR_SYNTAX
                                          : parse_line(denied, text, end);
        if (err != PH_OK)
            return explain(err, name, number, why);
        text = end < stop ? end + 1 : stop;
    }
    return PH_OK;
}

int
ph_denied_parse(const char *name, const char *text, size_t len,
                struct ph_denied **out_denied, struct ph_why *why)
{
    struct ph_denied *denied;
    int err;

    if (len > PH_DENIED_FILE_MAX)
        return ph_why_fail(why, PH_ERR_CONFIG, "%s: larger than %d bytes", name,
                           PH_DENIED_FILE_MAX);
    denied = ph_denied_new();
    if (denied == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "%s: out of memory", name);
    err = parse_lines(denied, name, text, len, why);
    if (err != PH_OK) {
        ph_denied_free(denied);
        return err;
    }
    ph_denied_sort(denied);
    *out_denied = denied;
    return PH_OK;
}

int
ph_denied_load(const char *path, struct ph_denied **out_denied,
               struct ph_why *why)
{
    struct ph_buf text;
    int err = ph_io_read_file(AT_FDCWD, path, PH_DENIED_FILE_MAX, &text);

    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "cannot read the denied printers in %s: %s", path,
                           ph_err_text(err));
    err = ph_denied_parse(path, (const char *)text.data, text.len, out_denied,
                          why);
    ph_buf_close(&text);
    return err;
}

void
ph_denied_free(struct ph_denied *denied)
{
    if (denied == NULL)
        return;
    free(denied->names);
    free(denied);
}

size_t
ph_denied_count(const struct ph_denied *denied)
{
    return denied != NULL ? denied->count : 0;
}

static bool
has(const struct ph_denied *denied, const char *name)
{
    return bsearch(name, denied->names, denied->count, sizeof(denied->names[0]),
                   compare) != NULL;
}

bool
ph_denied_has(const struct ph_denied *denied, const struct ph_identity *printer)
{
    return ph_denied_count(denied) > 0 &&
           (has(denied, printer->id) || has(denied, printer->thumbprint));
}
