#include "ask.h"

#include <stdio.h>

#include "printhold/base/err.h"

struct asking {
    bool json;
    ph_ask_item_cb on_item;
};

static int
on_item(const void *body, size_t len, void *arg)
{
    const struct asking *asking = arg;
    int err = asking->on_item(body, len, asking->json);

    if (err == PH_OK && asking->json) {
        (void)fwrite(body, 1, len, stdout);
        (void)fputc('\n', stdout);
    }
    return err;
}

int
ph_command_ask(const struct ph_command_line *line,
               const struct ph_control_request *request, ph_ask_item_cb take)
{
    struct asking asking = {(line->options & PH_OPTION_JSON) != 0, take};
    struct ph_client client;
    struct ph_why why = {""};
    int err = ph_client_open(&client, &why);

    if (err == PH_OK) {
        err = ph_client_ask(&client, request, on_item, &asking, &why);
        ph_client_close(&client);
    }
    if (err != PH_OK)
        ph_command_complain(&why);
    return err;
}
