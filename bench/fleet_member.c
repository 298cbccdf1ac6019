#include "fleet_member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/buf.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/proto/directory.h"
#include "printhold/proto/event.h"

/* As the agent has them: agent/cloud/cloud_presence.c, docs/cloud-protocol.md. */
#define PRESENCE_EXPIRY_S (35 * 60)
#define WILL_DELAY_S      10
#define RETENTION_S       86400
#define GRACE_MS          5000
#define PAYLOAD_MAX       65536

enum token { TOKEN_PRESENCE, TOKEN_DOCUMENT, TOKEN_EVENT };

static void
fill_ticket(const struct fleet_member *member, struct ph_ticket *ticket)
{
    ph_ticket_init(ticket);
    (void)snprintf(ticket->owner_login, sizeof(ticket->owner_login), "%s",
                   member->login);
    (void)snprintf(ticket->submission_ip, sizeof(ticket->submission_ip),
                   "192.0.2.20");
    (void)snprintf(ticket->submission_host, sizeof(ticket->submission_host),
                   "localhost");
    (void)snprintf(ticket->job_name, sizeof(ticket->job_name),
                   "Quarterly report, third draft.docx");
    (void)snprintf(ticket->document_format, sizeof(ticket->document_format),
                   "application/pdf");
    (void)snprintf(ticket->driver, sizeof(ticket->driver), "PrintHold PDF");
    (void)snprintf(ticket->source, sizeof(ticket->source), "LibreOffice");
    (void)snprintf(ticket->sides, sizeof(ticket->sides), "two-sided-long-edge");
    (void)snprintf(ticket->print_color_mode, sizeof(ticket->print_color_mode),
                   "monochrome");
    (void)snprintf(ticket->media, sizeof(ticket->media), "iso_a4_210x297mm");
    ticket->submitted_ms = ph_clock_wall_ms();
    ticket->size_bytes = 482133;
    ticket->impressions = 12;
}

static int
put_document(const struct fleet_member *member, struct ph_buf *payload)
{
    static const char *const addresses[] = {"192.0.2.20:9443",
                                            "[2001:db8::20]:9443"};
    struct ph_directory_job *jobs =
        calloc(member->fleet->jobs + 1, sizeof(*jobs));
    struct ph_ticket ticket;
    struct ph_directory directory = {
        .rev = member->rev,
        .at_ms = ph_clock_wall_ms(),
        .workstation = member->id,
        .login = member->login,
        .host = member->id,
        .addresses = addresses,
        .address_count = 2,
        .pin = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        .jobs = jobs,
        .job_count = member->fleet->jobs};
    int err = jobs != NULL ? PH_OK : PH_ERR_NOMEM;

    fill_ticket(member, &ticket);
    for (unsigned i = 0; err == PH_OK && i < member->fleet->jobs; i++) {
        jobs[i].state = PH_JOB_HELD;
        jobs[i].expires_ms = ph_clock_wall_ms() + RETENTION_S * INT64_C(1000);
        jobs[i].ticket = &ticket;
        err = ph_id_make(&jobs[i].id);
    }
    if (err == PH_OK)
        err = ph_directory_put(&directory, payload);
    free(jobs);
    return err;
}

static int
put_event(const struct fleet_member *member, struct ph_buf *payload)
{
    struct ph_ticket ticket;
    struct ph_event event = {.time_ms = ph_clock_wall_ms(),
                             .tenant = member->fleet->tenant,
                             .workstation = member->id,
                             .host = member->id,
                             .state = PH_JOB_HELD,
                             .ticket = &ticket};
    int err = ph_id_make_v7(&event.id);

    fill_ticket(member, &ticket);
    if (err == PH_OK)
        err = ph_id_make(&event.job);
    return err == PH_OK ? ph_event_put(&event, payload) : err;
}

/* --- sending --- */

static int
make_message(const struct fleet_member *member, enum token token,
             struct ph_buf *payload, char topic[FLEET_TEXT],
             struct ph_mqtt_message *out_message)
{
    const char *tenant = member->fleet->tenant;
    int err;

    *out_message = (struct ph_mqtt_message){
        .topic = topic, .retain = true, .content_type = "application/json"};
    switch (token) {
    case TOKEN_PRESENCE:
        (void)snprintf(topic, FLEET_TEXT, "ph1/%s/ws/%s/st", tenant,
                       member->id);
        out_message->expiry_s = PRESENCE_EXPIRY_S;
        err = ph_presence_put(PH_PRESENCE_ON, PRINTHOLD_VERSION,
                              ph_clock_wall_ms(), payload);
        break;
    case TOKEN_DOCUMENT:
        (void)snprintf(topic, FLEET_TEXT, "ph1/%s/u/%s/%s", tenant, member->uk,
                       member->id);
        out_message->expiry_s = RETENTION_S;
        err = put_document(member, payload);
        break;
    default:
        (void)snprintf(topic, FLEET_TEXT, "ph1/%s/ev/%s", tenant, member->id);
        out_message->retain = false;
        out_message->content_type = "application/cloudevents+json";
        err = put_event(member, payload);
        break;
    }
    out_message->payload = payload->data;
    out_message->len = payload->len;
    return err;
}

static bool
send_one(struct fleet_member *member, enum token token)
{
    struct ph_mqtt_message message;
    struct ph_buf payload;
    char topic[FLEET_TEXT];
    int err;

    ph_buf_init(&payload, PAYLOAD_MAX);
    err = make_message(member, token, &payload, topic, &message);
    if (err == PH_OK)
        err = ph_mqtt_link_publish(member->link, &message, token);
    if (err == PH_OK) {
        member->fleet->sent++;
        member->fleet->bytes += message.len;
    }
    ph_buf_close(&payload);
    return err == PH_OK;
}

static void
set_settled(struct fleet_member *member, bool is_settled)
{
    if (is_settled && !member->is_settled)
        member->fleet->settled++;
    if (!is_settled && member->is_settled)
        member->fleet->settled--;
    member->is_settled = is_settled;
}

/* As the agent: presence, then documents, then events in their order. */
static void
pump(struct fleet_member *member)
{
    while (ph_mqtt_link_window(member->link) > 0) {
        if (member->presence_due && send_one(member, TOKEN_PRESENCE)) {
            member->presence_due = false;
            member->in_flight++;
        } else if (member->document_due && send_one(member, TOKEN_DOCUMENT)) {
            member->document_due = false;
            member->in_flight++;
        } else if (member->events_sent < member->events &&
                   send_one(member, TOKEN_EVENT)) {
            member->events_sent++;
        } else {
            break;
        }
    }
    set_settled(member, member->is_up && !member->presence_due &&
                            !member->document_due && member->in_flight == 0 &&
                            member->events_acked == member->events);
}

static void
on_up(bool session_present, void *arg)
{
    struct fleet_member *member = arg;

    member->is_up = true;
    member->fleet->up++;
    member->fleet->ups++;
    if (!session_present) {
        member->in_flight = 0;
        member->events_sent = member->events_acked;
    }
    member->presence_due = member->document_due = true;
    pump(member);
}

static void
on_down(const char *text, void *arg)
{
    struct fleet_member *member = arg;

    if (member->is_up)
        member->fleet->up--;
    member->is_up = false;
    member->fleet->downs++;
    (void)snprintf(member->fleet->last_text, FLEET_TEXT, "%s", text);
    set_settled(member, false);
}

static void
on_acked(uint64_t token, uint8_t reason, void *arg)
{
    struct fleet_member *member = arg;

    member->fleet->acked++;
    if (reason >= 0x80)
        member->fleet->refused++;
    if (token == TOKEN_EVENT)
        member->events_acked++;
    else if (member->in_flight > 0)
        member->in_flight--;
    pump(member);
}

/* One more job. */
static void
on_timer(uv_timer_t *timer)
{
    struct fleet_member *member = timer->data;

    member->rev++;
    member->events++;
    member->document_due = true;
    set_settled(member, false);
    pump(member);
}

/* --- life --- */

static void
name_member(struct fleet_member *member, unsigned number)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    size_t at = 26;

    (void)snprintf(member->id, sizeof(member->id), "ws-%06u", number);
    (void)snprintf(member->login, sizeof(member->login), "user%u@example.com",
                   number);
    member->uk[at] = '\0';
    while (at-- > 0) {
        member->uk[at] = alphabet[number % 32];
        number /= 32;
    }
}

static int
start_link(struct fleet_member *member)
{
    static const char off[] = "{\"v\":1,\"on\":false}";
    struct fleet *fleet = member->fleet;
    struct ph_why why = {{0}};
    char topic[FLEET_TEXT], file[FLEET_TEXT];
    struct ph_mqtt_will will = {.message = {.topic = topic,
                                            .payload = off,
                                            .len = sizeof(off) - 1,
                                            .retain = true,
                                            .expiry_s = PRESENCE_EXPIRY_S},
                                .delay_s = WILL_DELAY_S};
    struct ph_mqtt_link_options options = {
        .url = fleet->url,
        .stack = fleet->stack,
        .ca_file = fleet->ca_file,
        .cert_file = file,
        .key_file = file,
        .client_id = member->id,
        .will = &will,
        .events = {.on_up = on_up, .on_down = on_down, .on_acked = on_acked},
        .arg = member};
    int err;

    (void)snprintf(topic, sizeof(topic), "ph1/%s/ws/%s/st", fleet->tenant,
                   member->id);
    (void)snprintf(file, sizeof(file), "%s/%s.pem", fleet->certs, member->id);
    err = ph_mqtt_link_start(fleet->loop, &options, &member->link, &why);
    if (err != PH_OK)
        (void)snprintf(fleet->last_text, FLEET_TEXT, "%s: %s", ph_err_text(err),
                       why.text);
    return err;
}

int
fleet_member_start(struct fleet_member *member, struct fleet *fleet,
                   unsigned number)
{
    uint64_t every_ms = fleet->every_s * UINT64_C(1000);
    int err;

    member->fleet = fleet;
    member->rev = 1;
    member->events = fleet->jobs;
    name_member(member, number);
    err = start_link(member);
    if (err != PH_OK)
        return err;
    (void)uv_timer_init(fleet->loop, &member->timer);
    member->timer.data = member;
    if (every_ms > 0) /* not all at once */
        (void)uv_timer_start(&member->timer, on_timer,
                             (number * UINT64_C(7919)) % every_ms + 1,
                             every_ms);
    return PH_OK;
}

void
fleet_member_stop(struct fleet_member *member, void (*done)(void *arg))
{
    struct ph_mqtt_message message;
    struct ph_buf payload;
    char topic[FLEET_TEXT];

    ph_buf_init(&payload, PAYLOAD_MAX);
    uv_close((uv_handle_t *)&member->timer, NULL);
    (void)make_message(member, TOKEN_PRESENCE, &payload, topic, &message);
    (void)ph_presence_put(PH_PRESENCE_OFF, PRINTHOLD_VERSION,
                          ph_clock_wall_ms(), &payload);
    message.payload = payload.data;
    message.len = payload.len;
    ph_mqtt_link_stop(member->link, &message, GRACE_MS, done, member);
    ph_buf_close(&payload);
}
