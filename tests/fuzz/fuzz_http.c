/* An HTTP head from the network: taken or refused, never more. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/http.h"
#include "printhold/proto/http_route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that the parser hands out lies inside what it was given. */
static void
check_inside(const struct ph_http_text *text, const uint8_t *data, size_t size)
{
    const uint8_t *at = (const uint8_t *)text->at;

    if (at < data || at > data + size || text->len > size ||
        at + text->len > data + size)
        abort();
}

static void
check_request(const struct ph_http_request *request, const uint8_t *data,
              size_t size)
{
    static const struct ph_http_route table[] = {
        {PH_HTTP_GET, "/v1/jobs/{}/document", 0, 0},
        {PH_HTTP_POST, "/v1/jobs/{}", 0, 1},
    };
    const struct ph_http_text *range = ph_http_field(request, "Range");
    struct ph_http_match match;
    char allow[PH_HTTP_ALLOW_MAX];

    check_inside(&request->path, data, size);
    check_inside(&request->query, data, size);
    for (size_t i = 0; i < request->field_count; i++) {
        check_inside(&request->field[i].name, data, size);
        check_inside(&request->field[i].value, data, size);
    }
    for (size_t i = 0; i < request->field_count; i++)
        (void)ph_http_wants_sha256(&request->field[i].value);
    (void)ph_http_route_find(table, PH_COUNT(table), request, &match, allow);
    if (range != NULL) {
        uint64_t first, last;

        if (ph_http_range(range, size, &first, &last) == PH_OK &&
            (first > last || last >= size))
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_http_request request;
    size_t scanned = 0, bytewise = 0, len, slow = 0;

    len = ph_http_head_length(data, size, &scanned);
    for (size_t i = 0; i <= size && slow == 0; i++)
        slow = ph_http_head_length(data, i, &bytewise);
    if (len != slow || len > size)
        abort();
    if (ph_http_parse_head(data, size, &request) == PH_OK)
        check_request(&request, data, size);
    if (len > 0 && ph_http_parse_head(data, len, &request) == PH_OK)
        check_request(&request, data, len);
    return 0;
}
