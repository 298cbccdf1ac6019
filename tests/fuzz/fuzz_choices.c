/* What a printer reports to have been chosen: what is taken can be put again
 * and is taken again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/choices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_release_choices choices, again;
    struct ph_ticket ticket;
    struct ph_why why = {""};
    json_t *root = NULL, *copy;

    if (ph_json_parse(data, size, 65536, &root) != PH_OK)
        return 0;
    if (ph_release_choices_take(root, &choices, &why) == PH_OK) {
        copy = json_object();
        if (ph_release_choices_put(&choices, copy) != PH_OK ||
            ph_release_choices_take(copy, &again, &why) != PH_OK ||
            memcmp(&choices, &again, sizeof(choices)) != 0)
            abort();
        json_decref(copy);
        ph_ticket_init(&ticket);
        ticket.impressions = 5;
        (void)ph_release_choices_check(&choices, &ticket, &why);
    } else if (why.text[0] == '\0') {
        abort();
    }
    json_decref(root);
    return 0;
}
