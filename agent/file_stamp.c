#include "file_stamp.h"

#include <sys/stat.h>

#include "printhold/base/err.h"

#ifdef __APPLE__
#define CHANGED(st) ((st)->st_ctimespec)
#else
#define CHANGED(st) ((st)->st_ctim)
#endif

static void
fill(const struct stat *st, struct ph_file_stamp *out_stamp)
{
    out_stamp->dev = st->st_dev;
    out_stamp->ino = st->st_ino;
    out_stamp->size = st->st_size;
    out_stamp->changed_ns =
        (int64_t)CHANGED(st).tv_sec * 1000000000 + CHANGED(st).tv_nsec;
}

int
ph_file_stamp_of_fd(int fd, struct ph_file_stamp *out_stamp)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return PH_ERR_IO;
    fill(&st, out_stamp);
    return PH_OK;
}

void
ph_file_stamp_of_path(const char *path, struct ph_file_stamp *out_stamp)
{
    struct stat st;

    *out_stamp = (struct ph_file_stamp){0};
    if (stat(path, &st) == 0)
        fill(&st, out_stamp);
}

bool
ph_file_stamp_equal(const struct ph_file_stamp *a,
                    const struct ph_file_stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->changed_ns == b->changed_ns;
}
