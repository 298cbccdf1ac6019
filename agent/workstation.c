#include "workstation.h"

#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/identity.h"

static void
add_address(struct ph_workstation *ws, const char *text, uint16_t port)
{
    const bool v6 = strchr(text, ':') != NULL;
    char *dst;

    if (ws->address_count == PH_COUNT(ws->address))
        return;
    dst = ws->address[ws->address_count++];
    (void)snprintf(dst, sizeof(ws->address[0]), "%s%s%s:%u", v6 ? "[" : "",
                   text, v6 ? "]" : "", (unsigned)port);
}

static bool
is_link_local(const uv_interface_address_t *interface)
{
    const uint8_t *b;

    if (interface->address.address4.sin_family == AF_INET) {
        b = (const uint8_t *)&interface->address.address4.sin_addr;
        return b[0] == 169 && b[1] == 254; /* RFC 3927 */
    }
    b = interface->address.address6.sin6_addr.s6_addr;
    return b[0] == 0xfe && (b[1] & 0xc0) == 0x80; /* RFC 4291 2.5.6 */
}

static void
add_interface(struct ph_workstation *ws,
              const uv_interface_address_t *interface, int family,
              uint16_t port)
{
    char text[64];

    if (interface->is_internal || is_link_local(interface) ||
        interface->address.address4.sin_family != family)
        return;
    if (family == AF_INET)
        (void)uv_ip4_name(&interface->address.address4, text, sizeof(text));
    else
        (void)uv_ip6_name(&interface->address.address6, text, sizeof(text));
    add_address(ws, text, port);
}

/* IPv4 first: printers of today reach it most often. */
static void
add_interfaces(struct ph_workstation *ws, uint16_t port)
{
    static const int families[] = {AF_INET, AF_INET6};
    uv_interface_address_t *list;
    int count;

    if (uv_interface_addresses(&list, &count) != 0)
        return;
    for (size_t f = 0; f < PH_COUNT(families); f++)
        for (int i = 0; i < count; i++)
            add_interface(ws, &list[i], families[f], port);
    uv_free_interface_addresses(list, count);
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
        add_interfaces(&ws, port);
    else
        add_address(&ws, config->release_address, port);
    *out_workstation = ws;
    return PH_OK;
}
