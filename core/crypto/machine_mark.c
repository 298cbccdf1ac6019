#include "printhold/crypto/machine_mark.h"

#include <stdio.h>
#include <string.h>

#include "machine_mark_private.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/jws.h"
#include "printhold/crypto/kdf.h"

/* machine-id(5): the number is to be hashed with a key of the application. */
static const char application[] = "printhold machine mark 1";

int
ph_machine_mark(char out_mark[PH_MACHINE_MARK_TEXT], struct ph_why *why)
{
    char number[MACHINE_NUMBER_MAX];
    uint8_t mac[PH_SHA256_BYTES];
    struct ph_buf text;
    int err = ph_machine_number(number, why);

    if (err != PH_OK)
        return err;
    ph_buf_init(&text, PH_MACHINE_MARK_TEXT);
    err = ph_hmac_sha256(application, sizeof(application) - 1, number,
                         strlen(number), mac);
    if (err == PH_OK)
        err = ph_base64url_encode(mac, sizeof(mac), &text);
    if (err == PH_OK)
        (void)snprintf(out_mark, PH_MACHINE_MARK_TEXT, "%.*s", (int)text.len,
                       (const char *)text.data);
    else
        ph_why_set(why, "cannot hash the number of this computer: %s",
                   ph_err_text(err));
    ph_buf_close(&text);
    ph_wipe(number, sizeof(number));
    return err;
}
