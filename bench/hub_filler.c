/*
 * ph-bench-hub-fill: fills a hub that does not run with people, each with a PIN
 * and a workstation, and writes what those workstations tell the broker.
 *
 *   ph-bench-hub-fill DIR PEOPLE JOBS > DOCUMENTS
 *
 * Person n is pNNNNNN@example.com, has the PIN of ten digits NNNNNN behind
 * 4711, and ws-NNNNNN, which holds JOBS jobs. A line of DOCUMENTS is a topic, a
 * tab, and the document as an agent makes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/proto/directory.h"
#include "sign_in.h"

#define AT_ONCE   1000
#define LIFE_MS   (INT64_C(86400) * 1000)
#define JOBS_MAX  16
#define PIN_CHARS 32 /* the compiler counts with any number */

static void
die(const char *what, int err, const char *why)
{
    (void)fprintf(stderr, "ph-bench-hub-fill: %s: %s %s\n", what,
                  ph_err_text(err), why);
    exit(2);
}

static int
add_person(struct hub *hub, unsigned long n, struct hub_person *person)
{
    struct hub_pin pin = {.is_alone = true, .how = "generated"};
    char digits[PIN_CHARS];
    int err;

    *person = (struct hub_person){.made_ms = ph_clock_wall_ms()};
    (void)snprintf(person->login, sizeof(person->login), "p%06lu@example.com",
                   n);
    (void)snprintf(digits, sizeof(digits), "4711%06lu", n);
    memcpy(pin.login, person->login, sizeof(pin.login));
    pin.made_ms = person->made_ms;
    err = ph_identity_user_key(hub->directory_key, HUB_KEY_BYTES, person->login,
                               person->uk);
    if (err == PH_OK)
        err = hub_person_add(hub->store, person);
    if (err == PH_OK)
        err = hub_mac_pin(hub, person->login, digits, pin.mac);
    if (err == PH_OK)
        err = hub_mac_pin_alone(hub, digits, pin.alone_mac);
    return err == PH_OK ? hub_pin_set(hub->store, &pin) : err;
}

static int
add_workstation(struct hub *hub, unsigned long n, const char *login)
{
    struct hub_device device = {.kind = PH_IDENTITY_WORKSTATION,
                                .is_elsewhere = true,
                                .made_ms = ph_clock_wall_ms()};
    int err;

    (void)snprintf(device.id, sizeof(device.id), "ws-%06lu", n);
    err = hub_device_add(hub->store, &device);
    return err == PH_OK ? hub_binding_add(hub->store, device.id, login,
                                          "administrator", device.made_ms)
                        : err;
}

static void
make_ticket(struct ph_ticket *ticket)
{
    ph_ticket_init(ticket);
    ph_ticket_apply_options(ticket,
                            "job-originating-host-name=localhost copies=2 "
                            "sides=two-sided-long-edge media=iso_a4_210x297mm");
    (void)snprintf(ticket->job_name, sizeof(ticket->job_name),
                   "A document of the bench");
    (void)snprintf(ticket->document_format, sizeof(ticket->document_format),
                   "application/pdf");
    ticket->impressions = 3;
    ticket->size_bytes = 50000;
}

static void
tell(const struct hub *hub, unsigned long n, const struct hub_person *person,
     size_t count)
{
    static const char *const addresses[] = {"127.0.0.1:9443"};
    struct ph_directory_job jobs[JOBS_MAX];
    struct ph_ticket ticket;
    char id[HUB_ID_MAX];
    struct ph_directory directory = {
        .rev = 1,
        .at_ms = ph_clock_wall_ms(),
        .workstation = id,
        .login = person->login,
        .host = "bench",
        .addresses = addresses,
        .address_count = 1,
        .jobs = jobs,
        .job_count = count,
    };
    struct ph_buf text;
    int err = PH_OK;

    (void)snprintf(id, sizeof(id), "ws-%06lu", n);
    make_ticket(&ticket);
    for (size_t i = 0; i < count && err == PH_OK; i++) {
        jobs[i] = (struct ph_directory_job){
            .state = PH_JOB_HELD,
            .expires_ms = directory.at_ms + LIFE_MS,
            .ticket = &ticket,
        };
        err = ph_id_make(&jobs[i].id);
    }
    ph_buf_init(&text, (size_t)2 * PH_DIRECTORY_BYTES_MAX);
    if (err == PH_OK)
        err = ph_directory_put(&directory, &text);
    if (err != PH_OK)
        die("cannot make a document", err, "");
    (void)printf("ph1/%s/u/%s/%s\t%s\n", hub->tenant.tenant, person->uk, id,
                 ph_buf_str(&text));
    ph_buf_close(&text);
}

static void
fill(struct hub *hub, unsigned long people, size_t jobs)
{
    struct hub_person person;
    int err = PH_OK;

    for (unsigned long n = 0; n < people && err == PH_OK; n++) {
        if (n % AT_ONCE == 0)
            err = hub_store_begin(hub->store);
        if (err == PH_OK)
            err = add_person(hub, n, &person);
        if (err == PH_OK)
            err = add_workstation(hub, n, person.login);
        if (n % AT_ONCE == AT_ONCE - 1 || n == people - 1)
            err = hub_store_end(hub->store, err);
        if (err == PH_OK)
            tell(hub, n, &person, jobs);
    }
    if (err != PH_OK)
        die("cannot fill the hub", err, "");
}

static unsigned long
number(const char *text, unsigned long max)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value == 0 || value > max) {
        (void)fprintf(stderr, "ph-bench-hub-fill: %s is not 1 to %lu\n", text,
                      max);
        exit(2);
    }
    return value;
}

int
main(int argc, char **argv)
{
    struct hub_config config;
    struct ph_why why = {{0}};
    struct hub hub;
    unsigned long people, jobs;
    int err;

    if (argc != 4) {
        (void)fprintf(stderr, "Usage: ph-bench-hub-fill DIR PEOPLE JOBS\n");
        return 2;
    }
    people = number(argv[2], 1000000);
    jobs = number(argv[3], JOBS_MAX);
    err = hub_config_load(NULL, &config, &why);
    if (err == PH_OK)
        err = hub_open(argv[1], &config, &hub, &why);
    if (err != PH_OK)
        die("cannot open the hub", err, why.text);
    fill(&hub, people, (size_t)jobs);
    hub_close(&hub);
    return 0;
}
