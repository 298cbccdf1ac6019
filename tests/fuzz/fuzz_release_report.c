/* A printer's report of a release. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/release_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken is written, and taken again as the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_printer_report first = {.sheets = 0}, again = {.sheets = 0};
    json_t *root = NULL, *second = NULL;
    struct ph_buf text;

    if (ph_json_parse(data, size, 4096, &root) != PH_OK)
        return 0;
    ph_buf_init(&text, 4096);
    if (ph_release_report_take(root, &first, NULL) == PH_OK &&
        (ph_release_report_put(&first, &text) != PH_OK ||
         ph_json_parse(text.data, text.len, 4096, &second) != PH_OK ||
         ph_release_report_take(second, &again, NULL) != PH_OK ||
         !ph_id_equal(&first.id, &again.id) ||
         !ph_id_equal(&first.job, &again.job) ||
         strcmp(first.workstation, again.workstation) != 0 ||
         strcmp(first.result, again.result) != 0 ||
         first.impressions != again.impressions ||
         first.sheets != again.sheets))
        abort();
    ph_buf_close(&text);
    json_decref(second);
    json_decref(root);
    return 0;
}
