#include "broker.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory_take.h"
#include "events.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/net/mqtt_link.h"
#include "store_directory.h"
#include "tell.h"

#define BATCH_MAX      256
#define MESSAGE_MAX    ((size_t)32 * 1024)
#define HOLD_AT        ((size_t)4 * 1024 * 1024) /* bytes that wait */
#define GO_ON_AT       ((size_t)1024 * 1024)
#define QUIET_MS       10000 /* nothing retained so long: that was all */
#define SAY_MS         60000
#define RETRY_MS       1000        /* the store is busy */
#define SESSION_LIFE_S (7 * 86400) /* events wait so long for the hub */
#define LETTERS_MAX    500 /* that are not durable yet; brokers allow less */

struct message {
    struct message *next;
    struct hub_topic topic;
    bool is_believed; /* else there is only the letter to be acknowledged */
    uint64_t letter;  /* 0: QoS 0 */
    int64_t heard_ms;
    size_t len;
    uint8_t payload[];
};

struct hub_broker {
    uv_loop_t *loop;
    struct hub *hub;
    struct ph_mqtt_link *link;
    struct hub_tell *tell; /* what goes out */
    uv_timer_t quiet;      /* runs until all that is retained has come */
    uv_timer_t retry;
    int64_t up_ms; /* of the connect whose retained messages come; 0: all
                       * have come */
    struct message *first, **last; /* waiting */
    size_t waiting;
    bool is_held;  /* the broker must wait */
    bool has_lost; /* there was no memory: ask for all again */
    /* With the thread: */
    uv_work_t work;
    bool is_working;
    struct message *batch;
    int64_t forget_ms; /* what was not heard since; 0: nothing */
    int err;
    size_t refused;
    size_t refused_all; /* and not said yet */
    int64_t said_ms;
    /* At the end: */
    bool is_stopping;
    int open;
    void (*done)(void *arg);
    void *done_arg;
};

static void work_on(struct hub_broker *broker);

/* --- on the thread --- */

/* Of the message, not of ours: it would be the same another time. */
static bool
is_its_fault(int err)
{
    return err == PH_ERR_SYNTAX || err == PH_ERR_TOO_BIG ||
           err == PH_ERR_UNSUPPORTED || err == PH_ERR_DENIED ||
           err == PH_ERR_INVALID;
}

static int
take_message(struct hub *hub, const struct message *m)
{
    const struct hub_topic *topic = &m->topic;

    switch (topic->kind) {
    case HUB_TOPIC_EVENT:
        return hub_event_take(hub, topic->device, m->payload, m->len,
                              m->heard_ms);
    case HUB_TOPIC_RELEASE:
        return hub_release_take(hub, topic->device, m->payload, m->len,
                                m->heard_ms);
    default:
        return hub_directory_take(hub, topic, m->payload, m->len, m->heard_ms);
    }
}

static int
take_all(struct hub_broker *broker)
{
    struct hub *hub = broker->hub;

    for (struct message *m = broker->batch; m != NULL; m = m->next) {
        int err = m->is_believed ? take_message(hub, m) : PH_ERR_DENIED;

        if (err != PH_OK && err != PH_ERR_EXISTS && !is_its_fault(err))
            return err;
        broker->refused += is_its_fault(err);
    }
    return broker->forget_ms == 0
               ? PH_OK
               : hub_documents_forget_unheard(hub->store, broker->forget_ms);
}

static void
run_work(uv_work_t *work)
{
    struct hub_broker *broker = work->data;
    struct hub_store *store = broker->hub->store;

    broker->refused = 0;
    broker->err = hub_store_begin(store);
    if (broker->err == PH_OK)
        broker->err = hub_store_end(store, take_all(broker));
}

/* --- on the loop --- */

static void
free_list(struct message *first)
{
    while (first != NULL) {
        struct message *next = first->next;

        free(first);
        first = next;
    }
}

static void
end_if_idle(struct hub_broker *broker)
{
    if (!broker->is_stopping || broker->open > 0 || broker->is_working)
        return;
    broker->done(broker->done_arg);
    free_list(broker->batch);
    free_list(broker->first);
    free(broker);
}

static void
on_timer(uv_timer_t *timer)
{
    work_on(timer->data);
}

static void
wait_for_quiet(struct hub_broker *broker)
{
    if (!broker->is_stopping)
        (void)uv_timer_start(&broker->quiet, on_timer, QUIET_MS, 0);
}

static void
try_again(struct hub_broker *broker)
{
    if (!broker->is_stopping)
        (void)uv_timer_start(&broker->retry, on_timer, RETRY_MS, 0);
}

/* Whoever may write there can say what is not believed as often as they like. */
static void
say_refused(struct hub_broker *broker)
{
    const int64_t now_ms = ph_clock_mono_ms();

    broker->refused_all += broker->refused;
    if (broker->refused_all == 0 ||
        (broker->said_ms != 0 && now_ms - broker->said_ms < SAY_MS))
        return;
    ph_log_warning("%zu messages of the broker are not what their topics are "
                   "for, continuing",
                   broker->refused_all);
    broker->refused_all = 0;
    broker->said_ms = now_ms;
}

/* What was taken is durable. */
static void
acknowledge(struct hub_broker *broker)
{
    if (broker->is_stopping) /* the link is going: they come again */
        return;
    for (struct message *m = broker->batch; m != NULL; m = m->next) {
        if (m->letter != 0)
            ph_mqtt_link_taken(broker->link, m->letter);
    }
}

static void
on_worked(uv_work_t *work, int status)
{
    struct hub_broker *broker = work->data;

    (void)status;
    broker->is_working = false;
    if (broker->err == PH_OK)
        say_refused(broker);
    if (broker->err != PH_OK) {
        ph_log_warning("what the broker tells cannot be stored: %s, continuing",
                       ph_err_text(broker->err));
        try_again(broker);
    } else {
        acknowledge(broker);
        free_list(broker->batch);
        broker->batch = NULL;
        if (broker->forget_ms != 0 && broker->forget_ms == broker->up_ms)
            broker->up_ms = 0;
        broker->forget_ms = 0;
        work_on(broker);
    }
    end_if_idle(broker);
}

static void
take_batch(struct hub_broker *broker)
{
    struct message **end = &broker->first;

    for (int i = 0; i < BATCH_MAX && *end != NULL; i++) {
        broker->waiting -= sizeof(**end) + (*end)->len;
        end = &(*end)->next;
    }
    broker->batch = broker->first;
    broker->first = *end;
    *end = NULL;
    if (broker->first == NULL)
        broker->last = &broker->first;
}

/* What is too much for now stays at the broker. */
static void
hold_or_go_on(struct hub_broker *broker)
{
    const bool must = broker->waiting > HOLD_AT;
    const bool may = broker->waiting < GO_ON_AT;

    if (broker->is_stopping || (broker->is_held ? !may : !must))
        return;
    broker->is_held = must;
    ph_mqtt_link_hold(broker->link, must);
    if (!must && broker->up_ms != 0) /* more may come of what is retained */
        wait_for_quiet(broker);
}

/* All that was retained has come when the timer is not running any more. */
static bool
must_forget(const struct hub_broker *broker)
{
    return broker->up_ms != 0 && broker->first == NULL &&
           broker->batch == NULL && !broker->has_lost &&
           uv_is_active((const uv_handle_t *)&broker->quiet) == 0;
}

static void
work_on(struct hub_broker *broker)
{
    if (broker->is_working || broker->is_stopping)
        return;
    if (must_forget(broker))
        broker->forget_ms = broker->up_ms;
    if (broker->batch == NULL)
        take_batch(broker);
    hold_or_go_on(broker);
    if (broker->batch == NULL && broker->forget_ms == 0)
        return;
    if (uv_queue_work(broker->loop, &broker->work, run_work, on_worked) == 0)
        broker->is_working = true;
    else
        try_again(broker);
}

static bool
is_of_letters(enum hub_topic_kind kind)
{
    return kind == HUB_TOPIC_EVENT || kind == HUB_TOPIC_RELEASE;
}

static bool
is_believed(const struct hub_broker *broker,
            const struct ph_mqtt_publish *message, bool is_letter,
            struct hub_topic *out_topic)
{
    return hub_topic_parse(broker->hub->tenant.tenant, message->topic.bytes,
                           message->topic.len, out_topic) == PH_OK &&
           is_of_letters(out_topic->kind) == is_letter &&
           message->payload.len <= MESSAGE_MAX;
}

static void
lose(struct hub_broker *broker)
{
    if (!broker->has_lost)
        ph_log_warning("out of memory: the directory has gaps until the next "
                       "connect, continuing");
    broker->has_lost = true;
}

/* A letter of ours that finds no memory stays at the broker until the next
 * connect. */
static void
keep(struct hub_broker *broker, const struct ph_mqtt_publish *message,
     uint64_t letter)
{
    struct hub_topic topic = {.kind = HUB_TOPIC_DOCUMENT};
    const bool believed = is_believed(broker, message, letter != 0, &topic);
    const size_t len = believed ? message->payload.len : 0;
    struct message *m;

    if (!believed && letter == 0)
        return;
    m = calloc(1, sizeof(*m) + len);
    if (m == NULL) {
        lose(broker);
        return;
    }
    m->topic = topic;
    m->is_believed = believed;
    m->letter = letter;
    m->heard_ms = ph_clock_wall_ms();
    m->len = len;
    if (len > 0)
        memcpy(m->payload, message->payload.bytes, len);
    *broker->last = m;
    broker->last = &m->next;
    broker->waiting += sizeof(*m) + len;
    if (message->retain)
        wait_for_quiet(broker);
    hold_or_go_on(broker);
    work_on(broker);
}

static void
on_message(const struct ph_mqtt_publish *message, void *arg)
{
    keep(arg, message, 0);
}

static void
on_letter(const struct ph_mqtt_publish *message, uint64_t letter, void *arg)
{
    keep(arg, message, letter);
}

static void
on_up(bool session_present, void *arg)
{
    struct hub_broker *broker = arg;

    (void)session_present;
    ph_log_notice("connected to the broker");
    broker->up_ms = ph_clock_wall_ms();
    broker->has_lost = broker->is_held = false;
    wait_for_quiet(broker);
    if (!broker->is_stopping)
        hub_tell_up(broker->tell, broker->link);
}

static void
on_down(const char *text, void *arg)
{
    struct hub_broker *broker = arg;

    ph_log_warning("not connected to the broker: %s, continuing", text);
    broker->up_ms = 0; /* what did not come was not told to be gone */
    if (!broker->is_stopping)
        hub_tell_down(broker->tell);
}

static void
on_acked(uint64_t token, uint8_t reason, void *arg)
{
    struct hub_broker *broker = arg;

    (void)token;
    if (!broker->is_stopping)
        hub_tell_acked(broker->tell, reason);
}

static int
start_link(struct hub_broker *broker, struct ph_why *why)
{
    struct hub *hub = broker->hub;
    const struct hub_config *config = hub->config;
    char ca[PH_CONFIG_TEXT_MAX + 16], cert[PH_CONFIG_TEXT_MAX + 16],
        key[PH_CONFIG_TEXT_MAX + 16];
    char events[64], releases[64], documents[64], presence[64];
    const char *const filters[] = {events, releases, documents, presence};
    const bool is_own = config->directory_cert_file[0] == '\0';
    const struct ph_mqtt_link_options options = {
        .url = config->directory_url,
        .ca_file = config->directory_ca_file[0] != '\0'
                       ? config->directory_ca_file
                       : ca,
        .cert_file = is_own ? cert : config->directory_cert_file,
        .key_file = is_own ? key : config->directory_key_file,
        .client_id = HUB_SERVICE_ID,
        .filters = filters,
        .filter_count = 4,
        .live_count = 2,
        .receive_max = LETTERS_MAX,
        .session_expiry_s = SESSION_LIFE_S,
        .events = {.on_up = on_up,
                   .on_down = on_down,
                   .on_acked = on_acked,
                   .on_message = on_message,
                   .on_letter = on_letter},
        .arg = broker,
    };

    hub_path(hub, "ca.crt", ca, sizeof(ca));
    hub_path(hub, "hub.crt", cert, sizeof(cert));
    hub_path(hub, "hub.key", key, sizeof(key));
    (void)snprintf(events, sizeof(events), "$share/hub/ph1/%s/ev/+",
                   hub->tenant.tenant);
    (void)snprintf(releases, sizeof(releases), "$share/hub/ph1/%s/rel/+",
                   hub->tenant.tenant);
    (void)snprintf(documents, sizeof(documents), "ph1/%s/u/+/+",
                   hub->tenant.tenant);
    (void)snprintf(presence, sizeof(presence), "ph1/%s/ws/+/st",
                   hub->tenant.tenant);
    return ph_mqtt_link_start(broker->loop, &options, &broker->link, why);
}

static void
on_closed(void *arg)
{
    struct hub_broker *broker = arg;

    broker->open--;
    end_if_idle(broker);
}

static void
on_timer_closed(uv_handle_t *handle)
{
    on_closed(handle->data);
}

static void
on_nothing(void *arg)
{
    (void)arg;
}

int
hub_broker_start(uv_loop_t *loop, struct hub *hub,
                 struct hub_broker **out_broker, struct ph_why *why)
{
    struct hub_broker *broker = calloc(1, sizeof(*broker));
    int err;

    if (broker == NULL)
        return PH_ERR_NOMEM;
    broker->loop = loop;
    broker->hub = hub;
    broker->last = &broker->first;
    broker->work.data = broker;
    (void)uv_timer_init(loop, &broker->quiet);
    (void)uv_timer_init(loop, &broker->retry);
    broker->quiet.data = broker->retry.data = broker;
    broker->open = 2;
    err = hub_tell_start(loop, hub, &broker->tell);
    broker->open += err == PH_OK;
    if (err == PH_OK)
        err = start_link(broker, why);
    if (err != PH_OK) {
        hub_broker_stop(broker, on_nothing, NULL);
        return err;
    }
    broker->open++;
    *out_broker = broker;
    return PH_OK;
}

void
hub_broker_stop(struct hub_broker *broker, void (*done)(void *arg), void *arg)
{
    broker->is_stopping = true;
    broker->done = done;
    broker->done_arg = arg;
    uv_close((uv_handle_t *)&broker->quiet, on_timer_closed);
    uv_close((uv_handle_t *)&broker->retry, on_timer_closed);
    if (broker->tell != NULL)
        hub_tell_stop(broker->tell, on_closed, broker);
    if (broker->link != NULL)
        ph_mqtt_link_stop(broker->link, NULL, 0, on_closed, broker);
}
