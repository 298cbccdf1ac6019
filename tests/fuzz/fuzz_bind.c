/* What the hub reads of a workstation that is to be bound, and the workstation
 * of the hub's answer. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/bind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_login(const char *login)
{
    if (login[0] == '\0' || strpbrk(login, " \t\r\n\033") != NULL)
        abort();
}

/* What was taken is sent and taken again. */
static void
check_request(const struct ph_sign_in *in)
{
    struct ph_sign_in again;
    json_t *root = NULL;
    struct ph_buf buf;

    check_login(in->login);
    if (in->way != PH_SIGN_IN_PASSWORD || in->password[0] == '\0' ||
        in->new_badge[0] != '\0')
        abort();
    ph_buf_init(&buf, PH_BIND_MAX);
    if (ph_bind_put(in->login, in->password, &buf) != PH_OK ||
        ph_json_parse(buf.data, buf.len, PH_BIND_MAX, &root) != PH_OK ||
        ph_bind_take(root, &again, NULL) != PH_OK ||
        strcmp(again.login, in->login) != 0 ||
        strcmp(again.password, in->password) != 0)
        abort();
    json_decref(root);
    ph_buf_close(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_bound bound;
    struct ph_sign_in in;
    json_t *root = NULL;

    if (ph_bound_parse(data, size, &bound) == PH_OK) {
        check_login(bound.login);
        if (strpbrk(bound.name, "\r\n\033") != NULL)
            abort();
    }
    if (ph_json_parse(data, size, PH_BIND_MAX, &root) != PH_OK)
        return 0;
    if (ph_bind_take(root, &in, NULL) == PH_OK)
        check_request(&in);
    json_decref(root);
    return 0;
}
