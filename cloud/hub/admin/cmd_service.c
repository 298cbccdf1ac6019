/* printhold-hub service issue: key and certificate of a server of ours. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "init.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"

/* Devices have theirs, and the hub keeps its own. */
static int
take_id(struct hub_command *command, char id[HUB_ID_MAX])
{
    int err = PH_ERR_INVALID;

    if (command->word != NULL)
        err = hub_command_id(command, "an id", command->word, id);
    if (err == PH_OK && id[0] != '\0' && strcmp(id, HUB_SERVICE_ID) != 0 &&
        strncmp(id, "ws-", 3) != 0 && strncmp(id, "pr-", 3) != 0)
        return PH_OK;
    return ph_why_fail(command->why, PH_ERR_INVALID,
                       "the id of a service is needed, such as broker; not "
                       "hub, and not that of a device");
}

/* The key first, then the certificate and its authority. */
static int
make(struct hub_command *command, const char *id, struct ph_buf *out_text)
{
    const struct hub *hub = command->hub;
    const struct ph_cert_order order = {
        .kind = PH_IDENTITY_SERVICE,
        .tenant = hub->tenant.tenant,
        .id = id,
        .host = hub->tenant.host,
        .now_ms = ph_clock_wall_ms(),
        .life_s = HUB_SERVICE_LIFE_S,
    };
    uint8_t spki[PH_P256_SPKI_BYTES];
    struct ph_cert_facts facts;
    struct ph_buf cert;
    int err = ph_p256_key_make(out_text);

    ph_buf_init(&cert, PH_CERT_PEM_MAX);
    if (err == PH_OK)
        err = ph_p256_key_spki(out_text, spki);
    if (err == PH_OK)
        err = ph_ca_sign(hub->ca, spki, &order, &cert, &facts, command->why);
    if (err == PH_OK)
        err = ph_buf_put(out_text, cert.data, cert.len);
    if (err == PH_OK)
        err = ph_buf_put(out_text, hub->chain.data, hub->chain.len);
    ph_buf_close(&cert);
    return err;
}

static int
nothing(struct hub_command *command, void *arg)
{
    (void)command;
    (void)arg;
    return PH_OK;
}

int
hub_cmd_service_issue(struct hub_command *command)
{
    char id[HUB_ID_MAX];
    const struct hub_act act = {
        .act = "service.issue", .object = id, .detail = ""};
    struct ph_buf text;
    int err = take_id(command, id);

    ph_buf_init(&text, 2 * HUB_FILE_MAX);
    if (err == PH_OK)
        err = make(command, id, &text);
    if (err == PH_OK)
        err = hub_command_do(command, nothing, NULL, &act);
    if (err == PH_OK && (fwrite(text.data, 1, text.len, stdout) != text.len ||
                         fflush(stdout) != 0))
        err = ph_why_fail(command->why, PH_ERR_IO,
                          "cannot write the certificate");
    ph_buf_close(&text);
    return err;
}
