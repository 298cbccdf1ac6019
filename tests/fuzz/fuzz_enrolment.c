/* What a device reads from the hub when it enrols, and from its own disk. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"
#include "printhold/proto/enrolment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct ph_enrolment *e)
{
    const char *pem[] = {e->certificate, e->authority, e->issuer_keys};

    if (e->id[0] == '\0' || e->tenant[0] == '\0' || e->hub[0] == '\0' ||
        strpbrk(e->id, "/. ") != NULL || strpbrk(e->tenant, "/. ") != NULL ||
        strpbrk(e->hub, "/@ \r\n") != NULL ||
        e->renew_after_ms > e->not_after_ms ||
        (e->kind == PH_IDENTITY_WORKSTATION) != (e->issuer[0] != '\0'))
        abort();
    for (size_t i = 0; i < 3; i++)
        if (strstr(pem[i], "PRIVATE KEY-----") != NULL ||
            strchr(pem[i], '\033') != NULL)
            abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_enrolment enrolment;
    struct ph_why why = {""};

    if (ph_enrolment_parse(data, size, &enrolment, &why) == PH_OK)
        check(&enrolment);
    (void)ph_enrolment_refused(size > 0 ? data[0] + 300U : 400, data, size,
                               &why);
    if (!ph_utf8_valid(why.text, strlen(why.text)) ||
        strpbrk(why.text, "\033\r\n") != NULL)
        abort();
    return 0;
}
