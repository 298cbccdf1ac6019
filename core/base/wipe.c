#include "printhold/base/wipe.h"

#include <string.h>

/* Which function it is is only known when it is called, so no compiler can leave
 * the call out; OPENSSL_cleanse does the same. */
static void *(*const volatile fill)(void *, int, size_t) = memset;

void
ph_wipe(void *bytes, size_t len)
{
    if (len > 0)
        (void)fill(bytes, 0, len);
}
