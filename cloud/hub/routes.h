/*
 * Every request that the hub serves, once: method, path, who may, what does
 * it. What is in no row does not exist, and a row names the roles that it is
 * for; a test walks the table with each of them.
 */
#ifndef PRINTHOLD_HUB_ROUTES_H
#define PRINTHOLD_HUB_ROUTES_H

#include "call.h"

/* Bits. A row of NOBODY is served on the listener for enrolment alone, every
 * other on the listener for devices alone. */
enum hub_role {
    HUB_ROLE_NOBODY = 1,
    HUB_ROLE_WORKSTATION = 2,
    HUB_ROLE_PRINTER = 4,
    HUB_ROLE_SERVICE = 8,
};

const struct ph_http_route *hub_routes(size_t *out_count);

/* The rows that one listener has, in an array that lives forever. */
const struct ph_http_route *hub_routes_of(bool is_open, size_t *out_count);

enum hub_role hub_role_of(const struct ph_identity *peer);

/* What a row runs, and whether it needs a JSON body. */
hub_action hub_route_action(const struct ph_http_route *route);
bool hub_route_takes_body(const struct ph_http_route *route);
/* May it come with a certificate whose successor is in use? Only to be told
 * that there is a copy of the device. */
bool hub_route_is_for_superseded(const struct ph_http_route *route);

#endif
