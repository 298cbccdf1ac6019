#include "printhold/base/why.h"

#include <stdio.h>

#include "printhold/base/utf8.h"

void
ph_why_vset(struct ph_why *why, const char *fmt, va_list ap)
{
    char raw[PH_WHY_MAX];

    if (why == NULL)
        return;
    (void)vsnprintf(raw, sizeof(raw), fmt, ap);
    ph_utf8_clean(raw, why->text, sizeof(why->text));
}

void
ph_why_set(struct ph_why *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    ph_why_vset(why, fmt, ap);
    va_end(ap);
}

int
ph_why_fail(struct ph_why *why, int err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    ph_why_vset(why, fmt, ap);
    va_end(ap);
    return err;
}
