#include "ppd.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/utf8.h"

#define LOOK_BYTES 65536
#define KEYWORD    "*NickName:"

/* The quoted value behind the keyword at the start of a line. */
static int
take_value(const char *line, char *dst, size_t cap)
{
    char raw[256];
    const char *start = strchr(line, '"');
    size_t len;

    if (start == NULL || start > line + strcspn(line, "\r\n"))
        return PH_ERR_SYNTAX;
    len = strcspn(++start, "\"\r\n");
    if (start[len] != '"')
        return PH_ERR_SYNTAX;
    if (len >= sizeof(raw))
        len = sizeof(raw) - 1;
    memcpy(raw, start, len);
    raw[len] = '\0';
    ph_utf8_clean(raw, dst, cap);
    return PH_OK;
}

static int
find_nickname(const char *text, char *dst, size_t cap)
{
    while (*text != '\0') {
        if (strncmp(text, KEYWORD, strlen(KEYWORD)) == 0)
            return take_value(text, dst, cap);
        text += strcspn(text, "\r\n");
        text += strspn(text, "\r\n");
    }
    return PH_ERR_NOT_FOUND;
}

int
ph_ppd_nickname(const char *path, char *dst, size_t cap)
{
    char text[LOOK_BYTES + 1];
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int err;

    if (fd < 0)
        return PH_ERR_NOT_FOUND;
    err = ph_io_read_full(fd, text, LOOK_BYTES, &len);
    ph_io_close(&fd);
    if (err != PH_OK)
        return err;
    text[len] = '\0';
    return find_nickname(text, dst, cap);
}
