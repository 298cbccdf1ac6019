/* A printer's request to sign somebody in. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/sign_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken is written, and read again as the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_sign_in first, again;
    struct ph_why why;
    struct ph_buf text;

    if (ph_sign_in_parse(data, size, &first, &why) != PH_OK)
        return 0;
    ph_buf_init(&text, (size_t)4 * PH_SIGN_IN_MAX);
    if (ph_sign_in_put(&first, &text) != PH_OK ||
        ph_sign_in_parse(text.data, text.len, &again, &why) != PH_OK ||
        first.way != again.way || strcmp(first.badge, again.badge) != 0 ||
        strcmp(first.pin, again.pin) != 0 ||
        strcmp(first.code, again.code) != 0 ||
        strcmp(first.login, again.login) != 0 ||
        strcmp(first.password, again.password) != 0 ||
        strcmp(first.new_badge, again.new_badge) != 0)
        abort();
    ph_buf_close(&text);
    return 0;
}
