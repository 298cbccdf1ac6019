/*
 * printhold-pagecount: counts the pages of one document in memory, for the
 * backend and for nobody else (pagecount_wire.h). Started with a socket as
 * standard input and the document as descriptor 3; no arguments, no
 * environment. It shuts itself in before it looks at the document.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"
#include "count.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "sniff.h"

static int
receive(void *bytes, size_t len)
{
    size_t got = 0;

    if (ph_io_read_full(PH_PAGECOUNT_SOCKET_FD, bytes, len, &got) != PH_OK)
        return PH_ERR_IO;
    return got == len ? PH_OK : PH_ERR_CLOSED;
}

static void
set_limits(const struct ph_pagecount_prepare *prepare)
{
    const struct rlimit cpu = {prepare->cpu_s, prepare->cpu_s};

    (void)setrlimit(RLIMIT_CPU, &cpu);
#ifndef PH_SANITIZED /* a sanitizer reserves terabytes of addresses */
    const struct rlimit memory = {prepare->memory_max, prepare->memory_max};

    (void)setrlimit(RLIMIT_AS, &memory);
#endif
}

/* Shared memory of macOS has no file offset, but tells its size. */
static uint64_t
document_room(void)
{
    struct stat st;
    off_t end = lseek(PH_PAGECOUNT_DOCUMENT_FD, 0, SEEK_END);

    if (end < 0 && fstat(PH_PAGECOUNT_DOCUMENT_FD, &st) == 0)
        end = st.st_size;
    return end < 0 ? 0 : (uint64_t)end;
}

/* Map the document; NULL when it is not as long as was said. */
static const uint8_t *
map_document(uint64_t size)
{
    void *map;

    if (size == 0 || document_room() < size || size > SIZE_MAX)
        return NULL;
    /* Nobody writes it any more; macOS maps its shared memory only so. */
    map = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED,
               PH_PAGECOUNT_DOCUMENT_FD, 0);
    return map == MAP_FAILED ? NULL : map;
}

static void
count(enum ph_sniff_kind kind, const uint8_t *bytes, size_t len,
      struct ph_pagecount_answer *answer)
{
    switch (kind) {
    case PH_SNIFF_PDF:
        ph_count_pdf(bytes, len, answer);
        break;
    case PH_SNIFF_POSTSCRIPT:
        ph_count_postscript(bytes, len, answer);
        break;
    case PH_SNIFF_RASTER:
        ph_count_raster(bytes, len, answer);
        break;
    case PH_SNIFF_OTHER:
    case PH_SNIFF_PNG:
    case PH_SNIFF_JPEG:
        answer->status = PH_PAGECOUNT_UNKNOWN;
        break;
    }
}

static int
run(void)
{
    struct ph_pagecount_answer answer = {.magic = PH_PAGECOUNT_MAGIC};
    struct ph_pagecount_prepare prepare;
    struct ph_pagecount_go go;
    const uint8_t *bytes;

    if (receive(&prepare, sizeof(prepare)) != PH_OK ||
        prepare.magic != PH_PAGECOUNT_MAGIC)
        return 1;
    if (prepare.kind == PH_SNIFF_RASTER)
        ph_count_raster_load();
    set_limits(&prepare);
    (void)ph_confine(PH_CONFINE_COUNTER);
    if (receive(&go, sizeof(go)) != PH_OK)
        return 1;
    bytes = map_document(go.size);
    if (bytes == NULL)
        return 1;
    count((enum ph_sniff_kind)prepare.kind, bytes, (size_t)go.size, &answer);
    return ph_io_write_full(PH_PAGECOUNT_SOCKET_FD, &answer, sizeof(answer)) ==
                   PH_OK
               ? 0
               : 1;
}

int
main(void)
{
    ph_confine_start();
    ph_confine_follow_parent();
    /* Nothing is buffered, and exit handlers would want what is forbidden. */
    _exit(run());
}
