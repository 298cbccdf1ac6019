#include "grant_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/jws.h"
#include "printhold/proto/code.h"

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_base64url(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_';
}

int
ph_grant_file_trim(struct ph_buf *text)
{
    unsigned dots = 0;
    size_t blanks = 0;

    while (blanks < text->len && is_blank(text->data[blanks]))
        blanks++;
    ph_buf_consume(text, blanks);
    while (text->len > 0 && is_blank(text->data[text->len - 1]))
        text->len--;
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '.')
            dots++;
        else if (!is_base64url(text->data[i]))
            return PH_ERR_SYNTAX;
    }
    if (dots != 2)
        return PH_ERR_SYNTAX;
    return ph_buf_str(text) != NULL ? PH_OK : PH_ERR_TOO_BIG;
}

/* From a file or a pipe, to its end. */
static int
read_all(int fd, size_t max, struct ph_buf *text)
{
    uint8_t *room = ph_buf_reserve(text, max + 1);
    size_t got = 0;
    int err;

    if (room == NULL)
        return PH_ERR_NOMEM;
    err = ph_io_read_full(fd, room, max + 1, &got);
    if (err != PH_OK)
        return err;
    ph_buf_advance(text, got);
    return got <= max ? PH_OK : PH_ERR_TOO_BIG;
}

/* What may stand in such a file. */
struct kind {
    const char *name;
    const char *what;
    size_t max;
    int (*trim)(struct ph_buf *text);
};

static int
read_kind(const struct kind *kind, const char *path, struct ph_buf *out_text,
          struct ph_why *why)
{
    bool from_stdin = strcmp(path, "-") == 0;
    int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct ph_buf text;
    int err;

    if (fd < 0)
        return ph_why_fail(why, ph_err_from_errno(errno),
                           "cannot read the %s file %s: %s", kind->name, path,
                           strerror(errno));
    ph_buf_init(&text, kind->max + 2);
    err = read_all(fd, kind->max, &text);
    if (err == PH_OK)
        err = kind->trim(&text);
    if (!from_stdin)
        ph_io_close(&fd);
    if (err != PH_OK) {
        ph_buf_close(&text);
        return ph_why_fail(why, PH_ERR_SYNTAX, "%s holds no %s (%s)",
                           from_stdin ? "standard input" : path, kind->name,
                           kind->what);
    }
    *out_text = text;
    return PH_OK;
}

int
ph_grant_file_read(const char *path, struct ph_buf *out_grant,
                   struct ph_why *why)
{
    static const struct kind grant = {
        .name = "grant",
        .what = "a compact JWS of at most 16384 bytes",
        .max = PH_JWS_MAX,
        .trim = ph_grant_file_trim,
    };

    _Static_assert(PH_JWS_MAX == 16384, "the text above");
    return read_kind(&grant, path, out_grant, why);
}

static int
trim_code(struct ph_buf *text)
{
    char code[PH_CODE_TEXT];
    int err = ph_code_read((const char *)text->data, text->len, code);

    if (err != PH_OK)
        return err;
    ph_buf_clear(text);
    err = ph_buf_put_str(text, code);
    ph_wipe(code, sizeof(code));
    if (err != PH_OK)
        return err;
    return ph_buf_str(text) != NULL ? PH_OK : PH_ERR_TOO_BIG;
}

int
ph_code_file_read(const char *path, struct ph_buf *out_code, struct ph_why *why)
{
    static const struct kind code = {
        .name = "code",
        .what = "eight digits, as printhold code shows them",
        .max = PH_CODE_TYPED_MAX,
        .trim = trim_code,
    };

    return read_kind(&code, path, out_code, why);
}
