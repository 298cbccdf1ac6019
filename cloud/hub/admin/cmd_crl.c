/* printhold-hub crl: for brokers, which know nothing of the hub. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define CRL_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct serials {
    char **text;
    size_t count, cap;
};

static int
take(enum ph_identity_kind kind, const char *device, const char *thumbprint,
     const char *serial, void *arg)
{
    struct serials *serials = arg;

    (void)kind;
    (void)device;
    if (thumbprint == NULL) /* a device; its certificates come by themselves */
        return PH_OK;
    if (serials->count == serials->cap) {
        size_t cap = serials->cap == 0 ? 64 : 2 * serials->cap;
        char **more = realloc(serials->text, cap * sizeof(*more));

        if (more == NULL)
            return PH_ERR_NOMEM;
        serials->text = more;
        serials->cap = cap;
    }
    serials->text[serials->count] = strdup(serial);
    return serials->text[serials->count++] != NULL ? PH_OK : PH_ERR_NOMEM;
}

static int
do_collect(struct hub_command *command, void *arg)
{
    return hub_denied_each(command->hub->store, ph_clock_wall_ms(), take, arg);
}

static int
write_list(struct hub_command *command, const struct serials *serials,
           uint64_t life_s)
{
    const struct ph_crl_order order = {
        .serials = (const char *const *)serials->text,
        .count = serials->count,
        .now_ms = ph_clock_wall_ms(),
        .life_s = (int64_t)life_s,
    };
    struct ph_buf pem;
    int err;

    ph_buf_init(&pem, CRL_BYTES_MAX);
    err = ph_ca_revoke(command->hub->ca, &order, &pem, command->why);
    if (err == PH_OK && (fwrite(pem.data, 1, pem.len, stdout) != pem.len ||
                         fflush(stdout) != 0))
        err = PH_ERR_IO;
    ph_buf_close(&pem);
    return err;
}

int
hub_cmd_crl(struct hub_command *command)
{
    const char *text = hub_command_value(command, HUB_OPTION_LIFE, "30d");
    struct serials serials = {NULL, 0, 0};
    uint64_t life_s;
    int err;

    if (ph_parse_duration_s(text, 60, 3660 * UINT64_C(86400), &life_s) != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--life is 60s to 3660d");
    err = hub_command_do(command, do_collect, &serials, NULL);
    if (err == PH_OK)
        err = write_list(command, &serials, life_s);
    for (size_t i = 0; i < serials.count; i++)
        free(serials.text[i]);
    free(serials.text);
    return err;
}
