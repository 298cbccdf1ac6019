#include "grant_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/jws.h"

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
read_all(int fd, struct ph_buf *text)
{
    uint8_t *room = ph_buf_reserve(text, PH_JWS_MAX + 1);
    size_t got = 0;
    int err;

    if (room == NULL)
        return PH_ERR_NOMEM;
    err = ph_io_read_full(fd, room, PH_JWS_MAX + 1, &got);
    if (err != PH_OK)
        return err;
    ph_buf_advance(text, got);
    return got <= PH_JWS_MAX ? PH_OK : PH_ERR_TOO_BIG;
}

int
ph_grant_file_read(const char *path, struct ph_buf *out_grant,
                   struct ph_why *why)
{
    bool from_stdin = strcmp(path, "-") == 0;
    int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct ph_buf text;
    int err;

    if (fd < 0)
        return ph_why_fail(why, ph_err_from_errno(errno),
                           "cannot read the grant file %s: %s", path,
                           strerror(errno));
    ph_buf_init(&text, PH_JWS_MAX + 2);
    err = read_all(fd, &text);
    if (err == PH_OK)
        err = ph_grant_file_trim(&text);
    if (!from_stdin)
        ph_io_close(&fd);
    if (err != PH_OK) {
        ph_buf_close(&text);
        return ph_why_fail(why, PH_ERR_SYNTAX,
                           "%s holds no grant (a compact JWS of at most %d "
                           "bytes)",
                           from_stdin ? "standard input" : path, PH_JWS_MAX);
    }
    *out_grant = text;
    return PH_OK;
}
