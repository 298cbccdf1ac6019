/*
 * What the files of the cloud link share:
 *   cloud.c           its life: start, the link's events, timers, stop
 *   cloud_send.c      what is sent when: turns, flights, answers
 *   cloud_refused.c   what the broker does not take
 *   cloud_presence.c  the presence, and the names of the topics
 *   cloud_info.c      the workstation document
 *   cloud_sleep.c     before and after the computer sleeps
 *   cloud_turn.c      the outbox, in a worker
 * All of it on the loop's thread, but cloud_turn.c and ph_cloud_kick.
 */
#ifndef PRINTHOLD_AGENT_CLOUD_PRIVATE_H
#define PRINTHOLD_AGENT_CLOUD_PRIVATE_H

#include "cloud.h"
#include "cloud_turn.h"
#include "os_name.h"
#include "printhold/base/attr.h"

#define CLOUD_JSON     "application/json"
#define CLOUD_RETRY_MS 5000

/* What is said of the presence (cloud_presence.c). */
struct cloud_presence {
    enum ph_presence value;
    int64_t since_ms;
    uint64_t number; /* of what was set last */
    bool is_due;
    void (*said)(void *arg); /* somebody waits for that number */
    void *said_arg;
};

/* What is said of the workstation (cloud_info.c). */
struct cloud_info {
    struct ph_os_name os;
    const char *key_level;
    struct ph_outbox_view view; /* as said last */
    bool is_due;
    bool is_stale; /* how full the spool is counts too, now */
};

/* What the broker does not take (cloud_refused.c). */
struct cloud_refusals {
    bool is_standing;     /* no event is sent */
    bool is_self_refused; /* presence or workstation document */
    unsigned in_a_row;    /* events */
    bool is_paused;       /* nothing is sent but the presence */
    uint64_t pause_ms;    /* the last one; 0 = the broker keeps up */
};

struct ph_cloud {
    uv_loop_t *loop;
    struct ph_jobs *jobs;
    struct ph_mqtt_link *link; /* NULL when off */
    uv_async_t kick;
    uv_timer_t refresh; /* of the presence */
    uv_timer_t retry;   /* after a turn that failed */
    uv_work_t work;
    unsigned handles; /* to be closed */

    char base[64]; /* "ph1/{tenant}" */
    char workstation[64];
    struct cloud_presence presence;
    struct cloud_info info;
    struct cloud_refusals refusals;
    struct {
        bool is_asleep;
        void (*done)(void *arg); /* somebody waits until we are away */
        void *done_arg;
    } sleep;
    ph_cloud_message_cb on_message;
    void *on_message_arg;

    struct ph_cloud_turn turn;
    int turn_err;
    bool is_turning;
    bool is_turn_wanted;
    bool anew;   /* a connection began: the next turn says so to the outbox */
    bool unpark; /* the next turn tells the outbox to try again */
    unsigned generation;
    uint64_t after_seq;
    uint64_t after_again;
    struct ph_cloud_item flights[PH_CLOUD_WINDOW];
    struct ph_cloud_item answered[3 * PH_CLOUD_WINDOW];
    size_t answered_count;

    struct ph_cloud_status status;
    void (*on_state)(void *arg); /* or NULL */
    void *on_state_arg;
    bool is_stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* --- cloud.c --- */

/* ph_cloud_start with other waits after a failure; 0: the link's. */
struct cloud_pace {
    uint32_t backoff_min_ms;
    uint32_t backoff_max_ms;
};
int cloud_start(uv_loop_t *loop, const struct ph_config *config,
                struct ph_jobs *jobs, const struct ph_workstation *workstation,
                const struct cloud_pace *pace, struct ph_cloud **out_cloud,
                struct ph_why *why);

void cloud_set_state(struct ph_cloud *cloud, enum ph_cloud_state state,
                     const char *text);
/* Another turn after a while. */
void cloud_retry(struct ph_cloud *cloud, uint64_t ms);
/* The last turn is over: say "off" and close the link. */
void cloud_stop_link(struct ph_cloud *cloud);

/* --- cloud_send.c --- */

/* Store what was acknowledged, read and send what is due; if a turn is under
 * way, once more after it. */
void cloud_start_turn(struct ph_cloud *cloud);
/* A connection begins: everything is to be said again. */
void cloud_say_all(struct ph_cloud *cloud, bool session_present);
void cloud_on_acked(uint64_t token, uint8_t reason, void *arg);
/* The link is gone: store the last acknowledgements, then done. */
void cloud_store_last(struct ph_cloud *cloud, uv_after_work_cb done);
size_t cloud_in_flight(const struct ph_cloud *cloud);
/* A turn shall store the answer. */
void cloud_remember(struct ph_cloud *cloud, const struct ph_cloud_item *item);
/* Publish under the number of a free flight, or take what can never be
 * published for refused; false when nothing more goes now. */
bool cloud_send_item(struct ph_cloud *cloud, const struct ph_cloud_item *item,
                     const struct ph_mqtt_message *message);

/* --- cloud_refused.c --- */

void cloud_accepted(struct ph_cloud *cloud, const struct ph_cloud_item *item);
void cloud_refused(struct ph_cloud *cloud, const struct ph_cloud_item *item);
/* Try again what was refused. */
void cloud_unpark(struct ph_cloud *cloud);
void cloud_end_pause(struct ph_cloud *cloud);
/* How many messages may be sent now. */
size_t cloud_window(const struct ph_cloud *cloud);
/* So much is parked after a turn: is all well again? */
void cloud_note_parked(struct ph_cloud *cloud, uint64_t parked);

/* --- cloud_info.c --- */

/* A turn has looked: does it have to be said again? */
void cloud_note_view(struct ph_cloud *cloud, const struct ph_outbox_view *view);
/* Publish it if it is due; false when nothing more goes now. */
bool cloud_send_info(struct ph_cloud *cloud);

/* --- cloud_presence.c --- */

void cloud_state_topic(const struct ph_cloud *cloud,
                       char dst[PH_MQTT_TOPIC_MAX]);
void cloud_info_topic(const struct ph_cloud *cloud,
                      char dst[PH_MQTT_TOPIC_MAX]);
void cloud_document_topic(const struct ph_cloud *cloud, const char *uk,
                          char dst[PH_MQTT_TOPIC_MAX]);
void cloud_event_topic(const struct ph_cloud *cloud,
                       char dst[PH_MQTT_TOPIC_MAX]);
/* The message that says we are away, in the caller's topic and payload, which
 * the caller closes. since_ms 0: nobody knows when. */
int cloud_put_absence(const struct ph_cloud *cloud, int64_t since_ms,
                      char topic[PH_MQTT_TOPIC_MAX], struct ph_buf *payload,
                      struct ph_mqtt_message *out_message);
/* Connected, or time to say it again. */
void cloud_presence_due(struct ph_cloud *cloud);
/* Publish it if it is due and there is room. */
void cloud_send_presence(struct ph_cloud *cloud);
/* The broker has this number, or nobody is there to hear the last one. */
void cloud_presence_said(struct ph_cloud *cloud, uint64_t number);
void cloud_presence_unheard(struct ph_cloud *cloud);

#endif
