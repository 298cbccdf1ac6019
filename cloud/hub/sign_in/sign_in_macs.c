/* What is kept of badges, PINs, codes and sessions. */
#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"
#include "sign_in.h"
#include "store_attempts.h"
#include "store_directory.h"
#include "store_sessions.h"

int
hub_mac_badge(const struct hub *hub, const char *badge,
              uint8_t out_mac[HUB_MAC_BYTES])
{
    return hub_pepper(hub, "badge", badge, strlen(badge), out_mac);
}

/* Of both, so that equal PINs of two people do not look alike. */
int
hub_mac_pin(const struct hub *hub, const char *login, const char *pin,
            uint8_t out_mac[HUB_MAC_BYTES])
{
    char both[PH_LOGIN_MAX + PH_PIN_TEXT] = "";
    const size_t len = strlen(login) + 1;
    int err;

    memcpy(both, login, len);
    memcpy(both + len, pin, strlen(pin));
    err = hub_pepper(hub, "pin", both, len + strlen(pin), out_mac);
    ph_wipe(both, sizeof(both));
    return err;
}

int
hub_mac_pin_alone(const struct hub *hub, const char *pin,
                  uint8_t out_mac[HUB_MAC_BYTES])
{
    return hub_pepper(hub, "pin-alone", pin, strlen(pin), out_mac);
}

int
hub_mac_code(const struct hub *hub, const char *code,
             uint8_t out_mac[HUB_MAC_BYTES])
{
    return hub_pepper(hub, "code", code, strlen(code), out_mac);
}

int
hub_mac_session(const struct hub *hub, const char *session,
                uint8_t out_mac[HUB_MAC_BYTES])
{
    return hub_pepper(hub, "session", session, strlen(session), out_mac);
}

int
hub_badge_make(const struct hub *hub, const char *badge, const char *login,
               const char *how, int64_t now_ms, struct hub_badge *out_badge)
{
    struct hub_badge made = {.made_ms = now_ms};
    int err = hub_mac_badge(hub, badge, made.mac);

    if (err != PH_OK)
        return err;
    ph_format_hex(made.mac, (sizeof(made.number) - 1) / 2, made.number);
    (void)snprintf(made.login, sizeof(made.login), "%s", login);
    (void)snprintf(made.how, sizeof(made.how), "%s", how);
    *out_badge = made;
    return PH_OK;
}

int
hub_sign_in_forget(struct hub *hub, int64_t now_ms)
{
    /* Twice: a clock that was set back must not free anybody. */
    const int64_t span_ms = 2 * (int64_t)hub->config->attempts_span_s * 1000;
    int err = hub_attempts_forget(hub->store, now_ms - span_ms);

    return err == PH_OK ? hub_documents_forget(hub->store, now_ms) : err;
}
