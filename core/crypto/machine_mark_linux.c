#include "machine_mark_private.h"

#include <fcntl.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define PATH   "/etc/machine-id"
#define DIGITS 32

int
ph_machine_number(char out_number[MACHINE_NUMBER_MAX], struct ph_why *why)
{
    struct ph_buf text;
    const char *digits;
    int err = ph_io_read_file(AT_FDCWD, PATH, MACHINE_NUMBER_MAX, &text);

    /* Also "uninitialized", which stands there during the first start. */
    digits = err == PH_OK ? ph_buf_str(&text) : NULL;
    if (digits != NULL && strspn(digits, "0123456789abcdef") == DIGITS &&
        strspn(digits + DIGITS, "\n") == text.len - DIGITS) {
        memcpy(out_number, digits, DIGITS);
        out_number[DIGITS] = '\0';
    } else {
        err = ph_why_fail(why, PH_ERR_NOT_FOUND,
                          PATH " has no number of this computer; "
                               "systemd-machine-id-setup makes one");
    }
    ph_buf_close(&text);
    return err;
}
