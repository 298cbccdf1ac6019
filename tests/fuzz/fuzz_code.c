/* The text of a code, as people and as machines give it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char code[PH_CODE_TEXT], shown[PH_CODE_SHOWN], again[PH_CODE_TEXT];
    const int err = ph_code_read(text, size, code);

    /* What a machine may send, a person may type too. */
    if (ph_code_is(text, size) &&
        (err != PH_OK || memcmp(code, text, PH_CODE_DIGITS) != 0))
        abort();
    if (err != PH_OK)
        return 0;
    if (!ph_code_is(code, strlen(code)))
        abort();
    ph_code_show(code, shown);
    if (ph_code_read(shown, strlen(shown), again) != PH_OK ||
        strcmp(code, again) != 0)
        abort();
    return 0;
}
