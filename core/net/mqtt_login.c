#include "mqtt_login.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/secret_file.h"

#define KEEP_ALIVE_S 55
#define SESSION_S    7200

static int
copy_text(const char *text, char **out_copy)
{
    *out_copy = text != NULL && text[0] != '\0' ? strdup(text) : NULL;
    return text == NULL || text[0] == '\0' || *out_copy != NULL ? PH_OK
                                                                : PH_ERR_NOMEM;
}

int
ph_mqtt_kept_init(struct ph_mqtt_kept *kept,
                  const struct ph_mqtt_message *message)
{
    int err = copy_text(message->topic, &kept->topic);

    kept->message = *message;
    ph_buf_init(&kept->payload, PH_MQTT_PACKET_MAX);
    if (err == PH_OK)
        err = copy_text(message->content_type, &kept->content_type);
    if (err == PH_OK && message->len > 0)
        err = ph_buf_put(&kept->payload, message->payload, message->len);
    kept->message.topic = kept->topic;
    kept->message.content_type = kept->content_type;
    kept->message.payload = kept->payload.data;
    return err;
}

void
ph_mqtt_kept_close(struct ph_mqtt_kept *kept)
{
    free(kept->topic);
    free(kept->content_type);
    ph_buf_close(&kept->payload);
    memset(kept, 0, sizeof(*kept));
}

static int
init_will(struct ph_mqtt_login *login, const struct ph_mqtt_will *will)
{
    int err;

    if (will == NULL)
        return PH_OK;
    if (!ph_mqtt_topic_valid(will->message.topic, strlen(will->message.topic)))
        return PH_ERR_INVALID;
    login->has_will = true;
    err = ph_mqtt_kept_init(&login->will, &will->message);
    login->will_said.delay_s = will->delay_s;
    login->will_said.message = login->will.message;
    return err;
}

int
ph_mqtt_login_init(struct ph_mqtt_login *login,
                   const struct ph_mqtt_link_options *options,
                   struct ph_why *why)
{
    int err;

    memset(login, 0, sizeof(*login));
    login->keep_alive_s =
        options->keep_alive_s > 0 ? options->keep_alive_s : KEEP_ALIVE_S;
    login->session_expiry_s =
        options->session_expiry_s > 0 ? options->session_expiry_s : SESSION_S;
    login->receive_max = options->receive_max > 0 ? options->receive_max
                                                  : PH_MQTT_LINK_WINDOW_MAX;
    err = copy_text(options->client_id, &login->client_id);
    if (err == PH_OK)
        err = copy_text(options->user, &login->user);
    if (err == PH_OK)
        err = copy_text(options->token_file, &login->token_file);
    if (err == PH_OK)
        err = init_will(login, options->will);
    if (err == PH_OK && login->client_id == NULL)
        err = PH_ERR_INVALID;
    if (err == PH_OK && login->token_file != NULL && login->user == NULL)
        err = ph_why_fail(why, PH_ERR_CONFIG,
                          "cloud.token_file is set but cloud.user is not");
    return err;
}

void
ph_mqtt_login_close(struct ph_mqtt_login *login)
{
    ph_mqtt_kept_close(&login->will);
    free(login->client_id);
    free(login->user);
    free(login->token_file);
    memset(login, 0, sizeof(*login));
}

int
ph_mqtt_login_put(const struct ph_mqtt_login *login, uint8_t level,
                  struct ph_buf *buf, struct ph_why *why)
{
    struct ph_mqtt_connect connect = {
        .level = level,
        .client_id = login->client_id,
        .keep_alive_s = login->keep_alive_s,
        .session_expiry_s = login->session_expiry_s,
        .receive_max = login->receive_max,
        .packet_max = PH_MQTT_PACKET_MAX,
        .will = login->has_will ? &login->will_said : NULL,
        .user_name = login->user,
    };
    struct ph_buf token = {.data = NULL};
    int err = PH_OK;

    if (login->token_file != NULL)
        err = ph_secret_read(login->token_file, &token, why);
    connect.password = token.data;
    connect.password_len = token.len;
    if (err == PH_OK)
        err = ph_mqtt_put_connect(buf, &connect);
    ph_buf_close(&token); /* wiped */
    return err;
}
