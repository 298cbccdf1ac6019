#include "memory_count.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define CHUNK (1024 * 1024)
/* A larger mapping is what a sanitizer reserves for its own books. */
#define REGION_MAX (UINT64_C(4) << 30)

struct search {
    const uint8_t *bytes;
    size_t len;
    unsigned long found;
};

static void
count_in(const uint8_t *bytes, size_t len, struct search *search)
{
    const uint8_t *at = bytes, *end = bytes + len;

    while ((at = memmem(at, (size_t)(end - at), search->bytes, search->len)) !=
           NULL) {
        search->found++;
        at++;
    }
}

/* Chunks overlap by one byte less than what is sought, so that nothing is
 * counted twice. */
static void
count_region(int mem, uint64_t from, uint64_t to, struct search *search)
{
    static uint8_t chunk[CHUNK];
    uint64_t at = from;

    while (at < to) {
        size_t len = to - at < CHUNK ? (size_t)(to - at) : CHUNK;
        ssize_t got = pread(mem, chunk, len, (off_t)at);

        if (got < (ssize_t)search->len)
            return; /* such as [vvar] */
        count_in(chunk, (size_t)got, search);
        at += (uint64_t)got - (at + (uint64_t)got < to ? search->len - 1 : 0);
    }
}

int
ph_test_memory_count(pid_t pid, const void *bytes, size_t len,
                     unsigned long *out_count)
{
    struct search search = {.bytes = bytes, .len = len};
    char path[64], line[512];
    FILE *maps;
    int mem;

    (void)snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
    maps = fopen(path, "re");
    (void)snprintf(path, sizeof(path), "/proc/%ld/mem", (long)pid);
    mem = open(path, O_RDONLY | O_CLOEXEC);
    while (maps != NULL && mem >= 0 &&
           fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from, to;
        char mode[8];

        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 &&
            mode[0] == 'r' && to - from < REGION_MAX)
            count_region(mem, from, to, &search);
    }
    if (maps == NULL || mem < 0)
        return PH_ERR_DENIED;
    (void)fclose(maps);
    ph_io_close(&mem);
    *out_count = search.found;
    return PH_OK;
}
