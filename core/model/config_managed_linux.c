/* Device management writes files here. */
#include "printhold/base/err.h"
#include "printhold/model/config_managed.h"

int
ph_managed_read(ph_managed_cb take, void *arg)
{
    (void)take;
    (void)arg;
    return PH_OK;
}

int
ph_managed_token(char *out_token, size_t cap)
{
    (void)out_token;
    (void)cap;
    return PH_ERR_NOT_FOUND;
}
