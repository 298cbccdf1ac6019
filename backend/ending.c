#include "ending.h"

#include <stdbool.h>
#include <string.h>

void
ph_ending_add(struct ph_ending *ending, const uint8_t *bytes, size_t len)
{
    size_t keep;

    if (len >= PH_ENDING_BYTES) {
        memcpy(ending->tail, bytes + len - PH_ENDING_BYTES, PH_ENDING_BYTES);
        ending->len = PH_ENDING_BYTES;
        return;
    }
    keep = PH_ENDING_BYTES - len;
    if (keep > ending->len)
        keep = ending->len;
    memmove(ending->tail, ending->tail + ending->len - keep, keep);
    memcpy(ending->tail + keep, bytes, len);
    ending->len = keep + len;
}

static bool
has(const struct ph_ending *ending, const char *what, size_t what_len)
{
    for (size_t i = 0; i + what_len <= ending->len; i++) {
        if (memcmp(ending->tail + i, what, what_len) == 0)
            return true;
    }
    return false;
}

/* Pictures may carry anything behind their end marker, so its absence near the
 * end proves nothing. */
enum ph_ending_verdict
ph_ending_judge(const struct ph_ending *ending, enum ph_sniff_kind kind)
{
    switch (kind) {
    case PH_SNIFF_PDF:
        /* ISO 32000-1, 7.5.5; readers look at the last 1,024 bytes (annex H,
         * implementation note 18). */
        return has(ending, "%%EOF", 5) ? PH_ENDING_WHOLE : PH_ENDING_CUT;
    case PH_SNIFF_PNG:
        return has(ending, "IEND\xae\x42\x60\x82", 8) ? PH_ENDING_WHOLE
                                                      : PH_ENDING_UNSEEN;
    case PH_SNIFF_JPEG:
        return has(ending, "\xff\xd9", 2) ? PH_ENDING_WHOLE : PH_ENDING_UNSEEN;
    case PH_SNIFF_POSTSCRIPT:
    case PH_SNIFF_RASTER:
    case PH_SNIFF_OTHER:
        break;
    }
    return PH_ENDING_UNSEEN;
}
