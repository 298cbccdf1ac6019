/* What is looked at in a document outside the page counter's libraries: its
 * kind, its end, its pictures, and the comments of PostScript. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "count.h"
#include "ending.h"
#include "pictures.h"
#include "sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte is kept or left out, and a gap begins behind a dictionary. */
static void
leave_out_pictures(const uint8_t *data, size_t size)
{
    struct ph_pictures pictures = {.before_len = 0};
    bool was_kept = true;
    size_t at = 0;

    while (at < size) {
        size_t step = 1 + (size_t)data[at] * 64;
        size_t left = size - at < step ? size - at : step;

        for (size_t done = 0; done < left;) {
            bool keep = true;
            size_t n =
                ph_pictures_next(&pictures, data + at, left - done, &keep);

            if (n == 0 || n > left - done ||
                (was_kept && !keep && (at == 0 || data[at - 1] != '\n')))
                abort();
            was_kept = keep;
            done += n;
            at += n;
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_pagecount_answer answer = {0};
    struct ph_ending whole = {.len = 0}, pieces = {.len = 0};
    const char *type = NULL;
    enum ph_sniff_kind kind = ph_sniff(data, size, &type);
    size_t step = size > 0 ? data[0] % 97 + 1 : 1;

    ph_ending_add(&whole, data, size);
    for (size_t at = 0; at < size; at += step)
        ph_ending_add(&pieces, data + at, size - at < step ? size - at : step);
    if (type == NULL ||
        ph_ending_judge(&whole, kind) != ph_ending_judge(&pieces, kind))
        abort();
    leave_out_pictures(data, size);
    ph_count_postscript(data, size, &answer);
    if (answer.status == PH_PAGECOUNT_COUNTED &&
        (answer.pages < 1 || answer.pages > PH_PAGECOUNT_PAGES_MAX))
        abort();
    return 0;
}
