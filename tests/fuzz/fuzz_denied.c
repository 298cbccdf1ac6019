/* A list of denied printers: what is taken denies no more than it has lines. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/denied.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ph_identity nobody;
    struct ph_identity printer = {.kind = PH_IDENTITY_PRINTER, .id = "pr-1"};
    struct ph_denied *denied = NULL;
    struct ph_why why = {""};
    size_t lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    if (ph_denied_parse("f", (const char *)data, size, &denied, &why) !=
        PH_OK) {
        if (denied != NULL || why.text[0] == '\0')
            abort();
        return 0;
    }
    if (ph_denied_count(denied) > lines || ph_denied_has(denied, &nobody))
        abort();
    memset(printer.thumbprint, 'A', sizeof(printer.thumbprint) - 1);
    (void)ph_denied_has(denied, &printer);
    ph_denied_free(denied);
    return 0;
}
