#include "printhold/base/secret_file.h"

#include <stdbool.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

static int
check_rights(int fd, const char *path, struct ph_why *why)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ph_err_from_errno(errno);
    if (!S_ISREG(st.st_mode))
        return ph_why_fail(why, PH_ERR_CONFIG, "%s is no regular file", path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "%s belongs to another account: it must be ours",
                           path);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "%s can be read by others: give it mode 0600", path);
    return PH_OK;
}

static void
cut_line_end(struct ph_buf *secret)
{
    if (secret->len > 0 && secret->data[secret->len - 1] == '\n')
        secret->len--;
    if (secret->len > 0 && secret->data[secret->len - 1] == '\r')
        secret->len--;
}

static bool
is_one_line(const struct ph_buf *secret)
{
    for (size_t i = 0; i < secret->len; i++) {
        if (secret->data[i] < 0x20 || secret->data[i] == 0x7f)
            return false;
    }
    return secret->len > 0 && secret->len <= PH_SECRET_MAX;
}

static int
read_secret(int fd, const char *path, struct ph_buf *secret, struct ph_why *why)
{
    uint8_t *room = ph_buf_reserve(secret, PH_SECRET_MAX + 3);
    size_t len = 0;
    int err = check_rights(fd, path, why);

    if (err == PH_OK && room == NULL)
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_io_read_full(fd, room, PH_SECRET_MAX + 3, &len);
    if (err != PH_OK)
        return err;
    ph_buf_advance(secret, len);
    cut_line_end(secret);
    if (!is_one_line(secret))
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s must be one line of text, at most %d bytes",
                           path, PH_SECRET_MAX);
    return PH_OK;
}

int
ph_secret_read(const char *path, struct ph_buf *out_secret, struct ph_why *why)
{
    /* O_NONBLOCK: a FIFO must not block the open. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int err;

    ph_buf_init(out_secret, PH_SECRET_MAX + 3);
    if (fd < 0) {
        err = ph_err_from_errno(errno);
        return ph_why_fail(why, err, "cannot read %s: %s", path,
                           ph_err_text(err));
    }
    err = read_secret(fd, path, out_secret, why);
    ph_io_close(&fd);
    if (err != PH_OK)
        ph_buf_close(out_secret);
    return err;
}
