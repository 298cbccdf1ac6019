#include "count.h"

#include <stdio.h>
#include <string.h>

#include <qpdf/qpdf-c.h>

static void
take_info(qpdf_data pdf, const char *key, char dst[PH_PAGECOUNT_TEXT_MAX])
{
    const char *value = qpdf_get_info_key(pdf, key);

    if (value != NULL)
        (void)snprintf(dst, PH_PAGECOUNT_TEXT_MAX, "%s", value);
}

/* A password is the owner's right; a limit or an unknown feature is ours. */
static uint32_t
status_of_error(qpdf_data pdf)
{
    qpdf_error error = qpdf_has_error(pdf) ? qpdf_get_error(pdf) : NULL;

    if (error != NULL && qpdf_get_error_code(pdf, error) == qpdf_e_damaged_pdf)
        return PH_PAGECOUNT_DAMAGED;
    return PH_PAGECOUNT_UNKNOWN;
}

void
ph_count_pdf(const uint8_t *bytes, size_t len,
             struct ph_pagecount_answer *answer)
{
    qpdf_data pdf = qpdf_init();
    int pages;

    answer->status = PH_PAGECOUNT_UNKNOWN;
    if (pdf == NULL)
        return;
    qpdf_silence_errors(pdf);
    qpdf_set_suppress_warnings(pdf, QPDF_TRUE);
    qpdf_set_attempt_recovery(pdf, QPDF_FALSE);
    if ((qpdf_read_memory(pdf, "document", (const char *)bytes, len, NULL) &
         QPDF_ERRORS) != 0) {
        answer->status = status_of_error(pdf);
        goto out;
    }
    pages = qpdf_get_num_pages(pdf);
    if (pages < 0) {
        answer->status = status_of_error(pdf);
        goto out;
    }
    /* Nobody prints a document without pages: its tree was not understood. */
    if (pages > 0) {
        answer->status = PH_PAGECOUNT_COUNTED;
        answer->pages = pages;
    }
    take_info(pdf, "/Creator", answer->creator);
    take_info(pdf, "/Producer", answer->producer);
out:
    qpdf_cleanup(&pdf);
}
