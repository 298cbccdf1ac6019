/*
 * The brokers of a link in their order, and what is known of each. Private to
 * core/net.
 *
 * A round tries every one once: first that which worked last, then the others
 * as they stand in the setting. A broker that does not speak MQTT 5 is spoken
 * to in 3.1.1 for a day.
 */
#ifndef PH_NET_MQTT_ENDPOINTS_H
#define PH_NET_MQTT_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/net/ws_url.h"

#define PH_MQTT_OLD_MS (UINT64_C(24) * 3600 * 1000)

struct ph_mqtt_endpoint {
    struct ph_ws_url url;
    unsigned early_closes; /* in a row, between CONNECT and CONNACK */
    uint64_t old_until_ms; /* 3.1.1 until then */
};

struct ph_mqtt_endpoints {
    struct ph_mqtt_endpoint *list;
    size_t count;
    size_t preferred; /* the first of a round */
    size_t tried;     /* in this round */
};

/* A url, or several with blanks between them. Close it even on failure. */
int ph_mqtt_endpoints_init(struct ph_mqtt_endpoints *endpoints,
                           const char *urls, struct ph_why *why);
void ph_mqtt_endpoints_close(struct ph_mqtt_endpoints *endpoints);

void ph_mqtt_endpoints_begin_round(struct ph_mqtt_endpoints *endpoints);
/* False when the round is over. */
bool ph_mqtt_endpoints_next(struct ph_mqtt_endpoints *endpoints);
/* The last of the round? */
bool ph_mqtt_endpoints_is_last(const struct ph_mqtt_endpoints *endpoints);
struct ph_mqtt_endpoint *
ph_mqtt_endpoints_current(const struct ph_mqtt_endpoints *endpoints);
/* Connected: the next round begins here. */
void ph_mqtt_endpoints_keep(struct ph_mqtt_endpoints *endpoints);
/* The next round begins with the first of the setting. */
void ph_mqtt_endpoints_forget(struct ph_mqtt_endpoints *endpoints);

uint8_t ph_mqtt_endpoint_level(const struct ph_mqtt_endpoint *endpoint,
                               uint64_t now_ms);
/* It refused the version. True when the other one is worth a try at once. */
bool ph_mqtt_endpoint_refused(struct ph_mqtt_endpoint *endpoint,
                              uint64_t now_ms);
/* It closed the connection instead of CONNACK. True when that is a reason to
 * try the other version next: it was the second time. */
bool ph_mqtt_endpoint_closed_early(struct ph_mqtt_endpoint *endpoint,
                                   uint64_t now_ms);

#endif
