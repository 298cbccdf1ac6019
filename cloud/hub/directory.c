#include "directory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory_take.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/net/mqtt_link.h"
#include "store_directory.h"

#define BATCH_MAX      256
#define WAITING_MAX    ((size_t)32 * 1024 * 1024) /* bytes */
#define QUIET_MS       10000 /* nothing retained so long: that was all */
#define RETRY_MS       1000  /* the store is busy */
#define SESSION_LIFE_S 1     /* what is retained comes again */

struct message {
    struct message *next;
    struct hub_directory_topic topic;
    int64_t heard_ms;
    size_t len;
    uint8_t payload[];
};

struct hub_directory {
    uv_loop_t *loop;
    struct hub *hub;
    struct ph_mqtt_link *link;
    uv_timer_t quiet; /* also for another try */
    int64_t up_ms;    /* of the connect whose retained messages come; 0: all
                       * have come */
    struct message *first, **last; /* waiting */
    size_t waiting;
    bool has_lost; /* some did not fit: ask for all again */
    /* With the thread: */
    uv_work_t work;
    bool is_working;
    struct message *batch;
    int64_t forget_ms; /* what was not heard since; 0: nothing */
    int err;
    size_t refused;
    /* At the end: */
    bool is_stopping;
    int open;
    void (*done)(void *arg);
    void *done_arg;
};

static void work_on(struct hub_directory *directory);

/* --- on the thread --- */

static int
take_all(struct hub_directory *directory)
{
    struct hub *hub = directory->hub;
    int err = PH_OK;

    for (struct message *m = directory->batch; m != NULL; m = m->next) {
        err =
            hub_directory_take(hub, &m->topic, m->payload, m->len, m->heard_ms);
        if (err == PH_ERR_BUSY || err == PH_ERR_IO || err == PH_ERR_NO_SPACE ||
            err == PH_ERR_NOMEM)
            return err; /* of ours, not of the message */
        directory->refused += err != PH_OK && err != PH_ERR_EXISTS;
    }
    return directory->forget_ms == 0
               ? PH_OK
               : hub_documents_forget_unheard(hub->store, directory->forget_ms);
}

static void
run_work(uv_work_t *work)
{
    struct hub_directory *directory = work->data;
    struct hub_store *store = directory->hub->store;

    directory->refused = 0;
    directory->err = hub_store_begin(store);
    if (directory->err == PH_OK)
        directory->err = hub_store_end(store, take_all(directory));
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
end_if_idle(struct hub_directory *directory)
{
    if (!directory->is_stopping || directory->open > 0 || directory->is_working)
        return;
    directory->done(directory->done_arg);
    free_list(directory->batch);
    free_list(directory->first);
    free(directory);
}

static void
on_timer(uv_timer_t *timer)
{
    work_on(timer->data);
}

static void
look_again_in(struct hub_directory *directory, uint64_t ms)
{
    if (!directory->is_stopping)
        (void)uv_timer_start(&directory->quiet, on_timer, ms, 0);
}

static void
on_worked(uv_work_t *work, int status)
{
    struct hub_directory *directory = work->data;

    (void)status;
    directory->is_working = false;
    if (directory->refused > 0)
        ph_log_warning("%zu messages of the broker are no documents of their "
                       "topics, continuing",
                       directory->refused);
    if (directory->err != PH_OK) {
        ph_log_warning("the directory cannot be stored: %s, continuing",
                       ph_err_text(directory->err));
        look_again_in(directory, RETRY_MS);
    } else {
        free_list(directory->batch);
        directory->batch = NULL;
        if (directory->forget_ms != 0 &&
            directory->forget_ms == directory->up_ms)
            directory->up_ms = 0;
        directory->forget_ms = 0;
        work_on(directory);
    }
    end_if_idle(directory);
}

static void
take_batch(struct hub_directory *directory)
{
    struct message **end = &directory->first;

    for (int i = 0; i < BATCH_MAX && *end != NULL; i++) {
        directory->waiting -= (*end)->len;
        end = &(*end)->next;
    }
    directory->batch = directory->first;
    directory->first = *end;
    *end = NULL;
    if (directory->first == NULL)
        directory->last = &directory->first;
}

/* All that was retained has come when the timer is not running any more. */
static bool
must_forget(const struct hub_directory *directory)
{
    return directory->up_ms != 0 && directory->first == NULL &&
           directory->batch == NULL && !directory->has_lost &&
           uv_is_active((const uv_handle_t *)&directory->quiet) == 0;
}

static void
work_on(struct hub_directory *directory)
{
    if (directory->is_working || directory->is_stopping)
        return;
    if (must_forget(directory))
        directory->forget_ms = directory->up_ms;
    if (directory->batch == NULL)
        take_batch(directory);
    if (directory->batch == NULL && directory->forget_ms == 0)
        return;
    if (uv_queue_work(directory->loop, &directory->work, run_work, on_worked) ==
        0)
        directory->is_working = true;
    else
        look_again_in(directory, RETRY_MS);
}

static void
on_message(const struct ph_mqtt_publish *message, void *arg)
{
    struct hub_directory *directory = arg;
    struct hub_directory_topic topic;
    struct message *m = NULL;
    const size_t len = message->payload.len;

    if (hub_directory_topic_parse(directory->hub->tenant.tenant,
                                  message->topic.bytes, message->topic.len,
                                  &topic) != PH_OK ||
        len > PH_DIRECTORY_BYTES_MAX)
        return;
    if (directory->waiting + len <= WAITING_MAX)
        m = calloc(1, sizeof(*m) + len);
    if (m == NULL) {
        if (!directory->has_lost)
            ph_log_warning("the broker tells more than can be stored; the "
                           "directory has gaps until the next connect, "
                           "continuing");
        directory->has_lost = true;
        return;
    }
    m->topic = topic;
    m->heard_ms = ph_clock_wall_ms();
    m->len = len;
    if (len > 0)
        memcpy(m->payload, message->payload.bytes, len);
    *directory->last = m;
    directory->last = &m->next;
    directory->waiting += len;
    if (message->retain)
        look_again_in(directory, QUIET_MS);
    work_on(directory);
}

static void
on_up(bool session_present, void *arg)
{
    struct hub_directory *directory = arg;

    (void)session_present;
    ph_log_notice("the directory is connected to the broker");
    directory->up_ms = ph_clock_wall_ms();
    directory->has_lost = false;
    look_again_in(directory, QUIET_MS);
}

static void
on_down(const char *text, void *arg)
{
    struct hub_directory *directory = arg;

    ph_log_warning("the directory is not connected to the broker: %s, "
                   "continuing",
                   text);
    directory->up_ms = 0; /* what did not come was not told to be gone */
}

static void
on_acked(uint64_t token, uint8_t reason, void *arg)
{
    (void)token;
    (void)reason;
    (void)arg;
}

static int
start_link(struct hub_directory *directory, struct ph_why *why)
{
    struct hub *hub = directory->hub;
    const struct hub_config *config = hub->config;
    char ca[PH_CONFIG_TEXT_MAX + 16], cert[PH_CONFIG_TEXT_MAX + 16],
        key[PH_CONFIG_TEXT_MAX + 16];
    char documents[64], presence[64];
    const char *const filters[] = {documents, presence};
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
        .filter_count = 2,
        .session_expiry_s = SESSION_LIFE_S,
        .events = {.on_up = on_up,
                   .on_down = on_down,
                   .on_acked = on_acked,
                   .on_message = on_message},
        .arg = directory,
    };

    hub_path(hub, "ca.crt", ca, sizeof(ca));
    hub_path(hub, "hub.crt", cert, sizeof(cert));
    hub_path(hub, "hub.key", key, sizeof(key));
    (void)snprintf(documents, sizeof(documents), "ph1/%s/u/+/+",
                   hub->tenant.tenant);
    (void)snprintf(presence, sizeof(presence), "ph1/%s/ws/+/st",
                   hub->tenant.tenant);
    return ph_mqtt_link_start(directory->loop, &options, &directory->link, why);
}

static void
on_closed(void *arg)
{
    struct hub_directory *directory = arg;

    directory->open--;
    end_if_idle(directory);
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
hub_directory_start(uv_loop_t *loop, struct hub *hub,
                    struct hub_directory **out_directory, struct ph_why *why)
{
    struct hub_directory *directory = calloc(1, sizeof(*directory));
    int err;

    if (directory == NULL)
        return PH_ERR_NOMEM;
    directory->loop = loop;
    directory->hub = hub;
    directory->last = &directory->first;
    directory->work.data = directory;
    (void)uv_timer_init(loop, &directory->quiet);
    directory->quiet.data = directory;
    directory->open = 1;
    err = start_link(directory, why);
    if (err != PH_OK) {
        hub_directory_stop(directory, on_nothing, NULL);
        return err;
    }
    directory->open++;
    *out_directory = directory;
    return PH_OK;
}

void
hub_directory_stop(struct hub_directory *directory, void (*done)(void *arg),
                   void *arg)
{
    directory->is_stopping = true;
    directory->done = done;
    directory->done_arg = arg;
    uv_close((uv_handle_t *)&directory->quiet, on_timer_closed);
    if (directory->link != NULL)
        ph_mqtt_link_stop(directory->link, NULL, 0, on_closed, directory);
}
