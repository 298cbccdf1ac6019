/*
 * What a document really is, from its first bytes. CONTENT_TYPE is only what
 * the client said.
 */
#ifndef PH_BACKEND_SNIFF_H
#define PH_BACKEND_SNIFF_H

#include <stddef.h>
#include <stdint.h>

/* As many first bytes as the decision looks at. */
#define PH_SNIFF_BYTES 1024

enum ph_sniff_kind {
    PH_SNIFF_OTHER = 0, /* a known type whose pages we cannot count, or not */
    PH_SNIFF_PDF = 1,
    PH_SNIFF_POSTSCRIPT = 2,
    PH_SNIFF_RASTER = 3, /* CUPS, PWG or Apple raster */
    PH_SNIFF_PNG = 4,
    PH_SNIFF_JPEG = 5,
};

/* The kind, and in *out_type the media type (static): at least
 * "application/octet-stream". len may be shorter than PH_SNIFF_BYTES only at
 * the end of the document. */
enum ph_sniff_kind ph_sniff(const uint8_t *head, size_t len,
                            const char **out_type);

#endif
