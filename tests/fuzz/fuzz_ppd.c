/* A PPD file, and its defaults on their way into a ticket. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ppd.h"
#include "printhold/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_ticket ticket;
    struct ph_ppd ppd;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    ph_ppd_parse(text, &ppd);
    if (!ph_utf8_valid(ppd.nickname, strlen(ppd.nickname)) ||
        strpbrk(ppd.defaults, "'\"\\{}\n\r\t") != NULL)
        abort();
    ph_ticket_init(&ticket);
    ph_ticket_apply_options(&ticket, ppd.defaults);
    free(text);
    return 0;
}
