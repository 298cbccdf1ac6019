/* Job options as CUPS passes them: whatever comes, the ticket stays fit to be
 * stored. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/model/ticket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_ticket ticket;
    struct ph_why why;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    ph_ticket_init(&ticket);
    ticket.owner_uid = 1000;
    (void)snprintf(ticket.owner_name, sizeof(ticket.owner_name), "alice");
    (void)snprintf(ticket.owner_auth, sizeof(ticket.owner_auth), "peercred");
    ph_ticket_apply_options(&ticket, text);
    if (ph_ticket_check(&ticket, &why) != PH_OK)
        abort();
    free(text);
    return 0;
}
