/* Is the other end alive, and is it the broker that we want to be with? */
#include "mqtt_link_private.h"

#define ANSWER_MS 20000 /* silence while we wait for an answer */
#define HURRY_MS  5000  /* when there is reason to doubt */

bool
ph_link_is_waiting_for_answer(const struct ph_mqtt_link *link)
{
    return link->is_pinged || link->is_subscribing || link->flights.count > 0;
}

static uint64_t
answer_ms(const struct ph_mqtt_link *link)
{
    return link->is_hurried ? HURRY_MS : ANSWER_MS;
}

/* When nothing is on its way any more. */
static bool
may_return(const struct ph_mqtt_link *link)
{
    return link->return_at > 0 && !ph_link_is_waiting_for_answer(link);
}

/* The timer comes when a ping is due or an answer is overdue. */
void
ph_link_arm_alive(struct ph_mqtt_link *link)
{
    uint64_t now = uv_now(link->loop);
    uint64_t ping =
        link->ping_ms > 0 ? link->sent_ms + link->ping_ms : UINT64_MAX;
    uint64_t next = ping;

    if (ph_link_is_waiting_for_answer(link)) {
        uint64_t since = link->received_ms > link->asked_ms ? link->received_ms
                                                            : link->asked_ms;

        if (since + answer_ms(link) < next || link->is_pinged)
            next = since + answer_ms(link);
    }
    if (may_return(link) && link->return_at < next)
        next = link->return_at;
    if (next == UINT64_MAX)
        (void)uv_timer_stop(&link->timer);
    else
        ph_link_start_timer(link, next > now ? next - now : 0);
}

static void
ask(struct ph_mqtt_link *link)
{
    if (!link->is_pinged)
        (void)ph_mqtt_put_pingreq(&link->control);
    link->is_pinged = true;
    link->asked_ms = uv_now(link->loop);
    ph_ws_client_want_write(link->ws);
}

void
ph_link_check_alive(struct ph_mqtt_link *link)
{
    uint64_t now = uv_now(link->loop);

    if (link->is_held) /* it may have answered: nobody looks */
        link->received_ms = now;
    if (ph_link_is_waiting_for_answer(link) &&
        now - link->asked_ms >= answer_ms(link) &&
        now - link->received_ms >= answer_ms(link)) {
        ph_link_give_up(link, "%s does not answer any more",
                        ph_link_host(link));
        return;
    }
    if (may_return(link) && now >= link->return_at) {
        ph_link_leave(link);
        return;
    }
    if (!link->is_pinged && link->ping_ms > 0 &&
        now - link->sent_ms >= link->ping_ms)
        ask(link);
    ph_link_arm_alive(link);
}

void
ph_link_hurry_alive(struct ph_mqtt_link *link)
{
    link->is_hurried = true;
    ask(link);
    ph_link_arm_alive(link);
}
