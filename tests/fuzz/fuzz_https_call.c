/* What another process says that it was asked, and what it answers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "https_call.h"
#include "printhold/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_https_order order;
    struct ph_https_reply reply;
    struct ph_why why = {""};
    int their = PH_ERR_INTERNAL;

    ph_https_order_init(&order);
    if (ph_https_order_take(data, size, &order) == PH_OK &&
        (order.path[0] != '/' || order.timeout_s == 0))
        abort();
    ph_https_order_close(&order);
    ph_https_reply_init(&reply);
    if (ph_https_answer_take(data, size, &their, &why, &reply) == PH_OK &&
        (their > 0 || (their == PH_OK && reply.status == 0)))
        abort();
    ph_https_reply_close(&reply);
    return 0;
}
