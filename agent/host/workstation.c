#include "workstation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <uv.h>

#include "interfaces.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/crypto/identity.h"

static void
add_address(struct ph_workstation *ws, const char *text, const char *interface,
            uint16_t port)
{
    const bool v6 = strchr(text, ':') != NULL;
    const size_t at = ws->address_count;

    if (at == PH_COUNT(ws->address))
        return;
    (void)snprintf(ws->address[at], sizeof(ws->address[at]), "%s%s%s:%u",
                   v6 ? "[" : "", text, v6 ? "]" : "", (unsigned)port);
    (void)snprintf(ws->interface[at], sizeof(ws->interface[at]), "%s",
                   interface);
    ws->address_count++;
}

/* One that the system does not tell leaves none: printers that know better
 * still reach us. */
static void
add_interfaces(struct ph_workstation *ws, const char *patterns, uint16_t port)
{
    struct ph_interface_address *list =
        calloc(PH_INTERFACES_MAX, sizeof(*list));
    size_t count = 0;
    char text[INET6_ADDRSTRLEN];
    int err = list != NULL ? ph_interfaces_list(list, &count) : PH_ERR_NOMEM;

    if (err != PH_OK)
        ph_log_warning("the addresses of this computer are not known: %s, "
                       "continuing",
                       ph_err_text(err));
    else
        count = ph_addresses_choose(list, count, patterns);
    for (size_t i = 0; err == PH_OK && i < count; i++)
        if (inet_ntop(list[i].family, list[i].bytes, text, sizeof(text)) !=
            NULL)
            add_address(ws, text, list[i].interface, port);
    free(list);
}

static bool
is_wildcard(const char *address)
{
    return strcmp(address, "::") == 0 || strcmp(address, "0.0.0.0") == 0;
}

static int
read_identity(const struct ph_config *config, struct ph_workstation *ws,
              struct ph_why *why)
{
    struct ph_identity identity;
    int err = ph_identity_of_file(config->cert_file, &identity, why);

    if (err != PH_OK)
        return err;
    if (identity.kind != PH_IDENTITY_WORKSTATION)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "identity.cert_file %s is not the certificate of a "
                           "workstation",
                           config->cert_file);
    (void)snprintf(ws->tenant, sizeof(ws->tenant), "%s", identity.tenant);
    (void)snprintf(ws->id, sizeof(ws->id), "%s", identity.id);
    return ph_identity_spki_pin(config->cert_file, ws->pin, why);
}

int
ph_workstation_describe(const struct ph_config *config, uint16_t port,
                        struct ph_workstation *out_workstation,
                        struct ph_why *why)
{
    struct ph_workstation ws = {.address_count = 0};
    size_t len = sizeof(ws.host);
    int err = PH_OK;

    if (uv_os_gethostname(ws.host, &len) != 0)
        ws.host[0] = '\0';
    if (config->cert_file[0] != '\0')
        err = read_identity(config, &ws, why);
    if (err != PH_OK)
        return err;
    if (is_wildcard(config->release_address))
        add_interfaces(&ws, config->release_interfaces, port);
    else
        add_address(&ws, config->release_address, "", port);
    *out_workstation = ws;
    return PH_OK;
}

bool
ph_workstation_is_same(const struct ph_workstation *a,
                       const struct ph_workstation *b)
{
    if (strcmp(a->tenant, b->tenant) != 0 || strcmp(a->id, b->id) != 0 ||
        strcmp(a->host, b->host) != 0 || strcmp(a->pin, b->pin) != 0 ||
        a->address_count != b->address_count)
        return false;
    for (size_t i = 0; i < a->address_count; i++)
        if (strcmp(a->address[i], b->address[i]) != 0)
            return false;
    return true;
}
