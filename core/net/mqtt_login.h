/* Who we are to the broker: what CONNECT says. Private to core/net. */
#ifndef PH_NET_MQTT_LOGIN_H
#define PH_NET_MQTT_LOGIN_H

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/net/mqtt_link.h"

/* A message of our own, copied. */
struct ph_mqtt_kept {
    struct ph_mqtt_message message;
    char *topic, *content_type;
    struct ph_buf payload;
};

int ph_mqtt_kept_init(struct ph_mqtt_kept *kept,
                      const struct ph_mqtt_message *message);
void ph_mqtt_kept_close(struct ph_mqtt_kept *kept);

struct ph_mqtt_login {
    char *client_id;
    char *user; /* NULL: none */
    char *token_file;
    struct ph_mqtt_kept will;
    struct ph_mqtt_will will_said;
    bool has_will;
    uint16_t keep_alive_s;
    uint32_t session_expiry_s;
    uint16_t receive_max;
};

/* Close it even on failure. */
int ph_mqtt_login_init(struct ph_mqtt_login *login,
                       const struct ph_mqtt_link_options *options,
                       struct ph_why *why);
void ph_mqtt_login_close(struct ph_mqtt_login *login);

/* Append CONNECT; the token is read from its file now. */
int ph_mqtt_login_put(const struct ph_mqtt_login *login, uint8_t level,
                      struct ph_buf *buf, struct ph_why *why);

#endif
