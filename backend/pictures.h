/*
 * Which bytes of a PDF the page counter does not need: the data of large
 * pictures. Nearly all of a long document is pictures, and copying it for the
 * counter is most of what taking it costs.
 *
 * A picture is a stream (ISO 32000-1, 7.3.8) whose dictionary stands directly
 * before it, says /Subtype /Image (8.9.5) and has one /Length that is a number,
 * not a reference; files made by libqpdf, so by pdftopdf, look like that. What
 * looks otherwise is simply kept. libqpdf counts pages by the cross-reference
 * and the page tree, so it never reads what is left out.
 *
 * A length that does not lead to "endstream" makes the document doubtful: then
 * the counter may miss something that it needs, and its word that the document
 * is damaged does not count.
 */
#ifndef PH_BACKEND_PICTURES_H
#define PH_BACKEND_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Smaller ones are kept. */
#define PH_PICTURES_LENGTH_MIN UINT64_C(65536)
/* A dictionary that begins further before its stream is not recognised. */
#define PH_PICTURES_BEFORE 1024
/* Line end, "endstream". */
#define PH_PICTURES_AFTER 11

/* Start with all zero. */
struct ph_pictures {
    uint8_t before[PH_PICTURES_BEFORE]; /* the last bytes that were kept */
    size_t before_len;
    uint64_t skip; /* of the picture's data, still to come */
    uint8_t after[PH_PICTURES_AFTER];
    size_t after_len;
    bool is_after; /* "endstream" must come now */
    bool is_doubtful;
};

/*
 * Look at the next bytes of the document, at least one. Returns how many of
 * them belong together, and in *out_keep whether the counter needs these.
 */
size_t ph_pictures_next(struct ph_pictures *pictures, const uint8_t *bytes,
                        size_t len, bool *out_keep);

#endif
