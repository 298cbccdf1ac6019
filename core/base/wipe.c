#include "printhold/base/wipe.h"

void
ph_wipe(void *bytes, size_t len)
{
    volatile unsigned char *pos = bytes;

    while (len-- > 0)
        *pos++ = 0;
}
