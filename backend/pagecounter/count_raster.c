#include "count.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <cups/raster.h>

#include "printhold/base/attr.h"

/* A line of more than this is no page: 1 m at 2,400 dpi in 8 colours. */
#define LINE_BYTES_MAX (1024 * 1024)

/*
 * libcups is opened only when a raster document is there: linked, it would
 * more than double the start of the counter for each PDF.
 */
static struct {
    cups_raster_t *(*open)(cups_raster_iocb_t, void *, cups_mode_t);
    unsigned (*read_header)(cups_raster_t *, cups_page_header2_t *);
    unsigned (*read_pixels)(cups_raster_t *, unsigned char *, unsigned);
    void (*close)(cups_raster_t *);
} lib;

static int
find_symbol(void *handle, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(handle, name);

    if (symbol == NULL)
        return -1;
    /* ISO C has no cast from object to function pointer; POSIX has. */
    memcpy(function, &symbol, size);
    return 0;
}

static int
take_symbols(void *handle)
{
    if (find_symbol(handle, "cupsRasterOpenIO", &lib.open, sizeof(lib.open)) ||
        find_symbol(handle, "cupsRasterReadHeader2", &lib.read_header,
                    sizeof(lib.read_header)) ||
        find_symbol(handle, "cupsRasterReadPixels", &lib.read_pixels,
                    sizeof(lib.read_pixels)) ||
        find_symbol(handle, "cupsRasterClose", &lib.close, sizeof(lib.close))) {
        memset(&lib, 0, sizeof(lib));
        return -1;
    }
    return 0;
}

void
ph_count_raster_load(void)
{
    /* CUPS 2.3 and before have raster in a library of its own. */
    static const char *const names[] = {
        "libcups.so.2",
        "libcupsimage.so.2",
        "/usr/lib/libcups.2.dylib",
        "/usr/lib/libcupsimage.2.dylib",
    };

    for (size_t i = 0; i < PH_COUNT(names); i++) {
        void *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);

        if (handle != NULL && take_symbols(handle) == 0)
            return; /* stays open: the process ends soon */
    }
}

/* The document as a stream for libcups. */
struct source {
    const uint8_t *bytes;
    size_t left;
};

static ssize_t
read_source(void *arg, unsigned char *dst, size_t len)
{
    struct source *source = arg;

    if (len > source->left)
        len = source->left;
    memcpy(dst, source->bytes, len);
    source->bytes += len;
    source->left -= len;
    return (ssize_t)len;
}

/* Read past one page's pixels; 0 or -1 when they are not all there. */
static int
skip_pixels(cups_raster_t *raster, const cups_page_header2_t *header)
{
    unsigned char *line;
    unsigned rows = header->cupsHeight;

    if (header->cupsBytesPerLine == 0 ||
        header->cupsBytesPerLine > LINE_BYTES_MAX || rows == 0)
        return -1;
    /* Planes follow each other when they are not interleaved. */
    if (header->cupsColorOrder == CUPS_ORDER_PLANAR) {
        if (header->cupsNumColors == 0 || header->cupsNumColors > 16 ||
            rows > UINT32_MAX / header->cupsNumColors)
            return -1;
        rows *= header->cupsNumColors;
    }
    line = malloc(header->cupsBytesPerLine);
    if (line == NULL)
        return -1;
    while (rows > 0 &&
           lib.read_pixels(raster, line, header->cupsBytesPerLine) ==
               header->cupsBytesPerLine)
        rows--;
    free(line);
    return rows == 0 ? 0 : -1;
}

void
ph_count_raster(const uint8_t *bytes, size_t len,
                struct ph_pagecount_answer *answer)
{
    struct source source = {.bytes = bytes, .left = len};
    cups_page_header2_t header;
    cups_raster_t *raster;
    int64_t pages = 0;
    int rc = 0;

    answer->status = PH_PAGECOUNT_UNKNOWN;
    if (lib.open == NULL)
        return;
    raster = lib.open(read_source, &source, CUPS_RASTER_READ);
    if (raster == NULL)
        return;
    while (rc == 0 && lib.read_header(raster, &header) != 0) {
        rc = skip_pixels(raster, &header);
        pages++;
    }
    lib.close(raster);
    if (rc != 0 || source.left > 0 || pages == 0) {
        answer->status = PH_PAGECOUNT_DAMAGED;
        return;
    }
    answer->status = PH_PAGECOUNT_COUNTED;
    answer->pages = pages;
}
