/* A fresh private directory for one test, removed with all it holds. */
#ifndef PRINTHOLD_TESTS_SUPPORT_SCRATCH_H
#define PRINTHOLD_TESTS_SUPPORT_SCRATCH_H

#include <ftw.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char path[256];
};

static inline void
scratch_make(struct scratch *scratch)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(scratch->path, sizeof(scratch->path), "%s/printhold-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(scratch->path));
}

/* A file with these bytes at an absolute path. */
static inline void
scratch_write(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wx");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline int
scratch_unlink(const char *path, const struct stat *st, int type,
               struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void
scratch_remove(struct scratch *scratch)
{
    assert_int_equal(
        nftw(scratch->path, scratch_unlink, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
