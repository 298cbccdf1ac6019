#include "printhold/base/typed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"

/* One byte after the other: what is behind the line is somebody else's. */
static int
read_line(int fd, char *dst, size_t cap)
{
    size_t len = 0;

    for (;;) {
        char c;
        size_t got = 0;
        int err = ph_io_read_full(fd, &c, 1, &got);

        if (err != PH_OK)
            return err;
        if (got == 0 || c == '\n')
            break;
        if (len + 1 == cap || c == '\0')
            return PH_ERR_INVALID;
        dst[len++] = c;
    }
    if (len > 0 && dst[len - 1] == '\r')
        len--;
    dst[len] = '\0';
    return len > 0 ? PH_OK : PH_ERR_INVALID;
}

static int
read_quietly(const char *prompt, char *dst, size_t cap)
{
    struct termios before, quiet;
    int err;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return ph_err_from_errno(errno);
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
        return ph_err_from_errno(errno);
    (void)ph_io_write_full(STDERR_FILENO, prompt, strlen(prompt));
    err = read_line(STDIN_FILENO, dst, cap);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    (void)ph_io_write_full(STDERR_FILENO, "\n", 1);
    return err;
}

static int
read_file(const char *path, char *dst, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int err = fd >= 0 ? read_line(fd, dst, cap) : ph_err_from_errno(errno);

    ph_io_close(&fd);
    return err;
}

int
ph_typed_read(const char *path, const char *prompt, char *dst, size_t cap,
              struct ph_why *why)
{
    const bool is_stdin = path == NULL || strcmp(path, "-") == 0;
    int err;

    if (!is_stdin)
        err = read_file(path, dst, cap);
    else if (isatty(STDIN_FILENO) == 1)
        err = read_quietly(prompt, dst, cap);
    else
        err = read_line(STDIN_FILENO, dst, cap);
    if (err == PH_OK)
        return PH_OK;
    ph_wipe(dst, cap);
    return ph_why_fail(why, err,
                       "cannot take a line of at most %zu bytes from "
                       "%s: %s",
                       cap - 1, is_stdin ? "standard input" : path,
                       ph_err_text(err));
}
