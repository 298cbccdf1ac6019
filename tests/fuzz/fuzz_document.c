/* What is looked at in a document outside the page counter's libraries: its
 * kind, its end, and the comments of PostScript. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "count.h"
#include "ending.h"
#include "sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    ph_count_postscript(data, size, &answer);
    if (answer.status == PH_PAGECOUNT_COUNTED &&
        (answer.pages < 1 || answer.pages > PH_PAGECOUNT_PAGES_MAX))
        abort();
    return 0;
}
