#include "cloud_inbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define LOG_WINDOW_MS     60000
#define LOG_PER_WINDOW    10
#define WAITING_BYTES_MAX ((size_t)1024 * 1024)

struct letter {
    struct letter *next;
    enum ph_cloud_message_kind kind;
    enum ph_cloud_drop drop; /* what became of it */
    struct ph_cloud_effect effect;
    size_t len;
    char token[];
};

struct ph_cloud_inbox {
    uv_loop_t *loop;
    uv_work_t work;
    struct ph_cloud_messages messages; /* the worker's while it runs */
    char topic[PH_CLOUD_MESSAGE_KINDS][PH_MQTT_TOPIC_MAX];
    struct letter *waiting;  /* oldest first */
    struct letter *with_him; /* the worker */
    size_t waiting_count, waiting_bytes;
    struct ph_cloud_inbox_status status;
    int64_t log_window_ms;
    unsigned log_count;
    ph_cloud_inbox_effect_cb effect;
    void *arg;
    bool is_working;
    bool is_stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

void
ph_cloud_inbox_topic(enum ph_cloud_message_kind kind, const char *tenant,
                     const char *workstation, char dst[PH_MQTT_TOPIC_MAX])
{
    static const char *const ends[PH_CLOUD_MESSAGE_KINDS] = {
        [PH_CLOUD_MESSAGE_POLICY] = "cfg/policy",
        [PH_CLOUD_MESSAGE_WORKSTATION_POLICY] = "cfg/ws/",
        [PH_CLOUD_MESSAGE_KEYS] = "cfg/keys",
        [PH_CLOUD_MESSAGE_DENIED] = "cfg/denied",
        [PH_CLOUD_MESSAGE_COMMAND] = "cmd/",
    };
    const bool is_ours = kind == PH_CLOUD_MESSAGE_WORKSTATION_POLICY ||
                         kind == PH_CLOUD_MESSAGE_COMMAND;

    (void)snprintf(dst, PH_MQTT_TOPIC_MAX, "ph1/%s/%s%s", tenant, ends[kind],
                   is_ours ? workstation : "");
}

/* --- counting --- */

/* Whoever owns the broker could fill the log otherwise. */
static void
note_drop(struct ph_cloud_inbox *inbox, enum ph_cloud_drop drop)
{
    const int64_t now_ms = ph_clock_mono_ms();

    inbox->status.dropped[drop]++;
    if (inbox->log_count == 0 ||
        now_ms - inbox->log_window_ms >= LOG_WINDOW_MS) {
        inbox->log_window_ms = now_ms;
        inbox->log_count = 0;
    }
    inbox->log_count++;
    if (inbox->log_count <= LOG_PER_WINDOW)
        ph_log_warning("cloud: a message was dropped: %s, continuing",
                       ph_cloud_drop_words(drop));
    else if (inbox->log_count == LOG_PER_WINDOW + 1)
        ph_log_warning("cloud: more messages that are dropped in this minute "
                       "are only counted, continuing");
}

static void
note(struct ph_cloud_inbox *inbox, enum ph_cloud_drop drop)
{
    if (drop < PH_CLOUD_DROP_REASONS)
        note_drop(inbox, drop);
    else if (drop == PH_CLOUD_TAKEN)
        inbox->status.taken++;
}

void
ph_cloud_inbox_status(const struct ph_cloud_inbox *inbox,
                      struct ph_cloud_inbox_status *out_status)
{
    *out_status = inbox->status;
}

void
ph_cloud_inbox_text(const struct ph_cloud_inbox_status *status, char *dst,
                    size_t cap)
{
    size_t len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < PH_CLOUD_DROP_REASONS && len < cap; i++) {
        int more;

        if (status->dropped[i] == 0)
            continue;
        more = snprintf(dst + len, cap - len, "%s%llu %s", len > 0 ? ", " : "",
                        (unsigned long long)status->dropped[i],
                        ph_cloud_drop_words((enum ph_cloud_drop)i));
        len += more > 0 ? (size_t)more : 0;
    }
}

/* --- the worker --- */

static void start_work(struct ph_cloud_inbox *inbox);

static void
on_work(uv_work_t *work)
{
    struct ph_cloud_inbox *inbox = work->data;

    for (struct letter *it = inbox->with_him; it != NULL; it = it->next)
        it->drop = ph_cloud_message_take(&inbox->messages, it->kind, it->token,
                                         it->len, &it->effect);
}

static void
drop_letters(struct letter **list)
{
    while (*list != NULL) {
        struct letter *first = *list;

        *list = first->next;
        free(first);
    }
}

static void
inbox_free(struct ph_cloud_inbox *inbox)
{
    void (*stopped)(void *arg) = inbox->stopped;
    void *arg = inbox->stopped_arg;

    drop_letters(&inbox->waiting);
    drop_letters(&inbox->with_him);
    free(inbox);
    if (stopped != NULL)
        stopped(arg);
}

static void
on_worked(uv_work_t *work, int status)
{
    struct ph_cloud_inbox *inbox = work->data;
    struct ph_cloud_effect effect = {.refresh = false};

    (void)status; /* nobody cancels it */
    inbox->is_working = false;
    for (struct letter *it = inbox->with_him; it != NULL; it = it->next) {
        note(inbox, it->drop);
        effect.refresh = effect.refresh || it->effect.refresh;
        effect.renew = effect.renew || it->effect.renew;
    }
    drop_letters(&inbox->with_him);
    if (inbox->is_stopping) {
        inbox_free(inbox);
        return;
    }
    if ((effect.refresh || effect.renew) && inbox->effect != NULL)
        inbox->effect(&effect, inbox->arg);
    start_work(inbox);
}

static void
start_work(struct ph_cloud_inbox *inbox)
{
    if (inbox->is_working || inbox->waiting == NULL)
        return;
    inbox->with_him = inbox->waiting;
    inbox->waiting = NULL;
    inbox->waiting_count = 0;
    inbox->waiting_bytes = 0;
    inbox->work.data = inbox;
    /* It fails without a function only, which is never so. */
    inbox->is_working =
        uv_queue_work(inbox->loop, &inbox->work, on_work, on_worked) == 0;
}

/* --- coming in --- */

static bool
is_topic(const struct ph_mqtt_view *view, const char *topic)
{
    return view->len == strlen(topic) &&
           memcmp(view->bytes, topic, view->len) == 0;
}

static void
put_in(struct ph_cloud_inbox *inbox, enum ph_cloud_message_kind kind,
       const struct ph_mqtt_view *payload)
{
    struct letter **end = &inbox->waiting;
    struct letter *letter;

    if (payload->len > ph_cloud_message_max(kind)) {
        note(inbox, PH_CLOUD_DROP_TOO_BIG);
        return;
    }
    if (inbox->waiting_count == PH_CLOUD_INBOX_MAX ||
        inbox->waiting_bytes + payload->len > WAITING_BYTES_MAX) {
        note(inbox, PH_CLOUD_DROP_CROWDED);
        return;
    }
    letter = calloc(1, sizeof(*letter) + payload->len);
    if (letter == NULL) {
        note(inbox, PH_CLOUD_DROP_FAILED);
        return;
    }
    letter->kind = kind;
    letter->len = payload->len;
    memcpy(letter->token, payload->bytes, payload->len);
    while (*end != NULL)
        end = &(*end)->next;
    *end = letter;
    inbox->waiting_count++;
    inbox->waiting_bytes += payload->len;
    start_work(inbox);
}

void
ph_cloud_inbox_on_message(const struct ph_mqtt_publish *message, void *arg)
{
    struct ph_cloud_inbox *inbox = arg;

    if (inbox->is_stopping)
        return;
    for (size_t i = 0; i < PH_CLOUD_MESSAGE_KINDS; i++) {
        if (!is_topic(&message->topic, inbox->topic[i]))
            continue;
        /* Nothing is what is left when a retained message is deleted: nobody
         * has signed that, so it changes nothing. */
        if (message->payload.len > 0)
            put_in(inbox, (enum ph_cloud_message_kind)i, &message->payload);
        return;
    }
    note(inbox, PH_CLOUD_DROP_TOPIC);
}

/* --- life --- */

int
ph_cloud_inbox_start(uv_loop_t *loop, const struct ph_config *config,
                     struct ph_jobs *jobs,
                     const struct ph_workstation *workstation,
                     ph_cloud_inbox_effect_cb effect, void *arg,
                     struct ph_cloud_inbox **out_inbox)
{
    struct ph_cloud_inbox *inbox = calloc(1, sizeof(*inbox));

    if (inbox == NULL)
        return PH_ERR_NOMEM;
    inbox->loop = loop;
    inbox->effect = effect;
    inbox->arg = arg;
    ph_cloud_messages_init(&inbox->messages, config, workstation, jobs);
    for (size_t i = 0; i < PH_CLOUD_MESSAGE_KINDS; i++)
        ph_cloud_inbox_topic((enum ph_cloud_message_kind)i, workstation->tenant,
                             workstation->id, inbox->topic[i]);
    *out_inbox = inbox;
    return PH_OK;
}

void
ph_cloud_inbox_stop(struct ph_cloud_inbox *inbox, void (*done)(void *arg),
                    void *arg)
{
    inbox->is_stopping = true;
    inbox->stopped = done;
    inbox->stopped_arg = arg;
    if (!inbox->is_working)
        inbox_free(inbox);
}
