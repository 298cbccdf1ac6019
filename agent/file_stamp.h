/*
 * What tells two versions of a file apart without reading it. The time is the
 * ctime, which no program can set back.
 */
#ifndef PRINTHOLD_AGENT_FILE_STAMP_H
#define PRINTHOLD_AGENT_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ph_file_stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    int64_t changed_ns; /* 0: there is no file */
};

/* PH_ERR_IO. */
int ph_file_stamp_of_fd(int fd, struct ph_file_stamp *out_stamp);
/* All zeros when there is no such file, or none that we may look at. */
void ph_file_stamp_of_path(const char *path, struct ph_file_stamp *out_stamp);
bool ph_file_stamp_equal(const struct ph_file_stamp *a,
                         const struct ph_file_stamp *b);

#endif
