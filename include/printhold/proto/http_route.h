/*
 * Which row of a table serves a request. Default deny: what is in no row does
 * not exist, and a row says which access it needs, so that a test can walk
 * the table.
 *
 * A pattern is a path in which "{}" stands for one segment of 1 to 64 bytes
 * of [0-9A-Za-z_-]. At most one "{}". A row for GET serves HEAD too.
 */
#ifndef PRINTHOLD_PROTO_HTTP_ROUTE_H
#define PRINTHOLD_PROTO_HTTP_ROUTE_H

#include <stddef.h>

#include "printhold/proto/http.h"

#define PH_HTTP_SEGMENT_MAX 65

struct ph_http_route {
    enum ph_http_method method;
    const char *pattern;
    int access; /* the service's own scale */
    int action; /* the service's own name for what is to be done */
};

#define PH_HTTP_ALLOW_MAX 32

struct ph_http_match {
    const struct ph_http_route *route;
    char segment[PH_HTTP_SEGMENT_MAX]; /* what stood for "{}" */
};

/*
 * PH_ERR_NOT_FOUND when no pattern matches the path (404); PH_ERR_DENIED when
 * some do but none with this method (405), then allow has their methods as
 * the Allow field wants them.
 */
int ph_http_route_find(const struct ph_http_route *table, size_t count,
                       const struct ph_http_request *request,
                       struct ph_http_match *out_match,
                       char allow[PH_HTTP_ALLOW_MAX]);

#endif
