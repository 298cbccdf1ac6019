/* Small, correct PDF files for tests. */
#ifndef PRINTHOLD_TESTS_SUPPORT_PDF_MAKER_H
#define PRINTHOLD_TESTS_SUPPORT_PDF_MAKER_H

#include <stddef.h>
#include <stdio.h>

#include "printhold/base/buf.h"

/* As pdf_make; kind is put into the dictionary of the padding. */
static inline int
pdf_make_of(struct ph_buf *buf, const char *kind, unsigned pages, size_t filler,
            const char *creator, const char *producer)
{
    /* 1 catalogue, 2 page tree, 3 information, 4 filler, 5.. pages */
    unsigned objects = 4 + pages;
    struct ph_buf xref;
    size_t start;
    int err = 0;

    ph_buf_init(&xref, 64 + 20 * (size_t)(objects + 1));
    err |=
        ph_buf_printf(&xref, "xref\n0 %u\n0000000000 65535 f \n", objects + 1);
    err |= ph_buf_put_str(buf, "%PDF-1.4\n");
    for (unsigned i = 1; i <= objects; i++) {
        err |= ph_buf_printf(&xref, "%010zu 00000 n \n", buf->len);
        err |= ph_buf_printf(buf, "%u 0 obj\n", i);
        if (i == 1) {
            err |= ph_buf_put_str(buf, "<</Type/Catalog/Pages 2 0 R>>");
        } else if (i == 2) {
            err |= ph_buf_printf(buf, "<</Type/Pages/Count %u/Kids[", pages);
            for (unsigned page = 0; page < pages; page++)
                err |= ph_buf_printf(buf, "%u 0 R\n", 5 + page);
            err |= ph_buf_put_str(buf, "]>>");
        } else if (i == 3) {
            err |= ph_buf_put_str(buf, "<<");
            if (creator != NULL)
                err |= ph_buf_printf(buf, "/Creator(%s)", creator);
            if (producer != NULL)
                err |= ph_buf_printf(buf, "/Producer(%s)", producer);
            err |= ph_buf_put_str(buf, ">>");
        } else if (i == 4) {
            err |=
                ph_buf_printf(buf, "<<%s/Length %zu>>stream\n", kind, filler);
            for (size_t at = 0; at < filler; at++)
                err |= ph_buf_put_u8(buf, (uint8_t)('a' + at % 26));
            err |= ph_buf_put_str(buf, "\nendstream");
        } else {
            err |= ph_buf_put_str(buf, "<</Type/Page/Parent 2 0 R"
                                       "/MediaBox[0 0 595 842]>>");
        }
        err |= ph_buf_put_str(buf, "\nendobj\n");
    }
    start = buf->len;
    err |= ph_buf_put(buf, xref.data, xref.len);
    err |= ph_buf_printf(buf,
                         "trailer\n<</Size %u/Root 1 0 R/Info 3 0 R>>\n"
                         "startxref\n%zu\n%%%%EOF\n",
                         objects + 1, start);
    ph_buf_close(&xref);
    return err;
}

/*
 * A PDF of this many empty pages, with filler bytes of padding in a comment
 * stream; appended to buf (initialised by the caller). Creator and Producer
 * may be NULL.
 */
static inline int
pdf_make(struct ph_buf *buf, unsigned pages, size_t filler, const char *creator,
         const char *producer)
{
    return pdf_make_of(buf, "", pages, filler, creator, producer);
}

#endif
