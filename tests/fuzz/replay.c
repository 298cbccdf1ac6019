/*
 * Stand-in for libFuzzer in ordinary builds: runs the target once over every
 * file of the given corpus directories, so that each build checks them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define INPUT_MAX (4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay_directory(const char *path, unsigned *count)
{
    struct dirent *entry;
    DIR *dir = opendir(path);

    if (dir == NULL)
        return PH_ERR_NOT_FOUND;
    while ((entry = readdir(dir)) != NULL) {
        struct ph_buf buf;

        if (entry->d_name[0] == '.')
            continue;
        if (ph_io_read_file(dirfd(dir), entry->d_name, INPUT_MAX, &buf) !=
            PH_OK) {
            (void)closedir(dir);
            return PH_ERR_IO;
        }
        (void)LLVMFuzzerTestOneInput(buf.data, buf.len);
        ph_buf_close(&buf);
        (*count)++;
    }
    (void)closedir(dir);
    return PH_OK;
}

int
main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        if (replay_directory(argv[i], &count) != PH_OK) {
            (void)fprintf(stderr, "cannot read corpus %s\n", argv[i]);
            return 1;
        }
    }
    (void)printf("%u inputs replayed\n", count);
    return count > 0 ? 0 : 1;
}
