#include "routes.h"

#include "enrol_calls.h"
#include "printhold/base/attr.h"
#include "sign_in_calls.h"

#define DEVICE (HUB_ROLE_WORKSTATION | HUB_ROLE_PRINTER)
#define ANYONE (DEVICE | HUB_ROLE_SERVICE)

static const struct {
    hub_action run;
    bool takes_body;
} actions[] = {
    {hub_call_enrol, true},
    {hub_call_authority, false},
    {hub_call_renew, true},
    {hub_call_whoami, false},
    {hub_call_denied_printers, false},
    {hub_call_ways, false},
    {hub_call_sign_in, true},
    {hub_call_directory, false},
    {hub_call_sign_out, false},
    {hub_call_release, true},
    {hub_call_pin, true},
    {hub_call_bind, true},
};

static const struct ph_http_route routes[] = {
    {PH_HTTP_POST, "/v1/enrol", HUB_ROLE_NOBODY, 0},
    {PH_HTTP_GET, "/v1/authority", HUB_ROLE_NOBODY, 1},
    {PH_HTTP_POST, "/v1/renew", DEVICE, 2},
    {PH_HTTP_GET, "/v1/device", ANYONE, 3},
    {PH_HTTP_GET, "/v1/denied-printers", HUB_ROLE_WORKSTATION, 4},
    {PH_HTTP_GET, "/v1/sign-in", HUB_ROLE_PRINTER, 5},
    {PH_HTTP_POST, "/v1/sign-in", HUB_ROLE_PRINTER, 6},
    {PH_HTTP_GET, "/v1/directory", HUB_ROLE_PRINTER, 7},
    {PH_HTTP_DELETE, "/v1/session", HUB_ROLE_PRINTER, 8},
    {PH_HTTP_POST, "/v1/releases", HUB_ROLE_PRINTER, 9},
    {PH_HTTP_POST, "/v1/pin", HUB_ROLE_PRINTER, 10},
    {PH_HTTP_POST, "/v1/bind", HUB_ROLE_WORKSTATION, 11},
};

const struct ph_http_route *
hub_routes(size_t *out_count)
{
    *out_count = PH_COUNT(routes);
    return routes;
}

const struct ph_http_route *
hub_routes_of(bool is_open, size_t *out_count)
{
    static struct ph_http_route rows[2][PH_COUNT(routes)];
    static size_t count[2];

    if (count[is_open] == 0) {
        for (size_t i = 0; i < PH_COUNT(routes); i++) {
            if ((routes[i].access == HUB_ROLE_NOBODY) == is_open)
                rows[is_open][count[is_open]++] = routes[i];
        }
    }
    *out_count = count[is_open];
    return rows[is_open];
}

enum hub_role
hub_role_of(const struct ph_identity *peer)
{
    if (peer->id[0] == '\0')
        return HUB_ROLE_NOBODY;
    switch (peer->kind) {
    case PH_IDENTITY_WORKSTATION:
        return HUB_ROLE_WORKSTATION;
    case PH_IDENTITY_PRINTER:
        return HUB_ROLE_PRINTER;
    default:
        return HUB_ROLE_SERVICE;
    }
}

hub_action
hub_route_action(const struct ph_http_route *route)
{
    return actions[route->action].run;
}

bool
hub_route_takes_body(const struct ph_http_route *route)
{
    return actions[route->action].takes_body;
}

bool
hub_route_is_for_superseded(const struct ph_http_route *route)
{
    return hub_route_action(route) == hub_call_renew;
}
