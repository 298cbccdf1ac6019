#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "print.h"
#include "printhold/base/err.h"

#define LINE_MAX_BYTES 512

static void
print_service(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES], span[32];

    ph_print_span(status->uptime_s * 1000, span, sizeof(span));
    (void)snprintf(line, sizeof(line), "version %s, pid %lld, up %s",
                   status->version, (long long)status->pid,
                   status->uptime_s < 60 ? "less than a minute" : span);
    ph_print_fact(stdout, "Service", line);
    ph_print_fact(stdout, "Health", status->health);
    ph_print_fact(stdout, "Machine key", status->key_level);
}

/* "12.0 MiB of 10.0 GiB" */
static void
put_use(int64_t bytes, int64_t max, char *dst, size_t cap)
{
    char used[32], most[32];

    ph_print_size((uint64_t)bytes, used, sizeof(used));
    ph_print_size((uint64_t)max, most, sizeof(most));
    (void)snprintf(dst, cap, "%s of %s", used, most);
}

static void
print_owners(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES];

    if (status->unmapped > 0) {
        (void)snprintf(line, sizeof(line),
                       "%lld held, which no printer can get: %s",
                       (long long)status->unmapped, ph_unmapped_remedy);
        ph_print_fact(stdout, "Without a login", line);
    }
    if (status->owner_text[0] != '\0') {
        (void)snprintf(line, sizeof(line), "%s (those of before are in force)",
                       status->owner_text);
        ph_print_fact(stdout, "Owners", line);
    }
}

static void
print_jobs(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES], use[80];

    (void)snprintf(line, sizeof(line), "%lld held, %lld at a printer",
                   (long long)status->held, (long long)status->claimed);
    ph_print_fact(stdout, "Jobs", line);
    put_use(status->spool_bytes, status->spool_bytes_max, use, sizeof(use));
    (void)snprintf(line, sizeof(line), "%s, %s", use,
                   status->spool_text[0] == '\0' ? "ok" : status->spool_text);
    ph_print_fact(stdout, "Spool", line);
    if (status->catalogue_text[0] != '\0')
        ph_print_fact(stdout, "Catalogue", status->catalogue_text);
    if (status->audit_text[0] != '\0')
        ph_print_fact(stdout, "Audit", status->audit_text);
    put_use(status->your_bytes, status->your_bytes_max, use, sizeof(use));
    (void)snprintf(line, sizeof(line), "%lld of %lld jobs, %s",
                   (long long)status->your_jobs,
                   (long long)status->your_jobs_max, use);
    ph_print_fact(stdout, "Of these yours", line);
    print_owners(status);
    if (status->cups_waiting > 0) {
        (void)snprintf(line, sizeof(line),
                       "%lld jobs, until there is room for them here",
                       (long long)status->cups_waiting);
        ph_print_fact(stdout, "Waiting in CUPS", line);
    }
    ph_print_fact(stdout, "Copies in CUPS",
                  status->cups_text[0] == '\0' ? "none" : status->cups_text);
}

/* What waits for the broker to think otherwise, why, and since when. */
static void
print_refused(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES], since[32];

    if (status->cloud_refused_text[0] == '\0')
        return;
    ph_print_time(status->cloud_refused_since_ms, since, sizeof(since));
    (void)snprintf(line, sizeof(line),
                   "%s%s%s (%lld events and %lld documents parked)",
                   status->cloud_refused_text,
                   status->cloud_refused_since_ms != 0 ? ", since " : "",
                   status->cloud_refused_since_ms != 0 ? since : "",
                   (long long)status->outbox_parked_events,
                   (long long)status->outbox_parked_documents);
    ph_print_fact(stdout, "Refused", line);
}

static void
print_computer(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES];

    (void)snprintf(line, sizeof(line), "%s%s", status->host,
                   strcmp(status->presence, "asleep") == 0 ? ", falling asleep"
                                                           : "");
    ph_print_fact(stdout, "Computer", line);
    ph_print_fact(stdout, "Sleep", status->sleep_text);
    if (status->address_count == 0)
        ph_print_fact(stdout, "Address", "none: it is on no network");
    for (size_t i = 0; i < status->address_count; i++) {
        const struct ph_control_address *one = &status->addresses[i];

        (void)snprintf(line, sizeof(line), "%s%s%s", one->address,
                       one->interface[0] != '\0' ? ", " : "", one->interface);
        ph_print_fact(stdout, i == 0 ? "Address" : "", line);
    }
}

static void
print_cloud(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES], since[32];

    ph_print_time(status->cloud_since_ms, since, sizeof(since));
    if (strcmp(status->cloud, "online") == 0)
        (void)snprintf(line, sizeof(line), "online since %s", since);
    else if (status->cloud_text[0] != '\0')
        (void)snprintf(line, sizeof(line), "%s: %s", status->cloud,
                       status->cloud_text);
    else
        (void)snprintf(line, sizeof(line), "%s", status->cloud);
    ph_print_fact(stdout, "Cloud", line);
    if (strcmp(status->cloud, "off") == 0)
        return;
    (void)snprintf(
        line, sizeof(line),
        "%lld events and %lld documents waiting, %lld sent, %lld "
        "refused",
        (long long)status->outbox_events, (long long)status->outbox_documents,
        (long long)status->cloud_published, (long long)status->cloud_refused);
    ph_print_fact(stdout, "Reports", line);
    print_refused(status);
    if (status->outbox_dropped == 0)
        return;
    (void)snprintf(line, sizeof(line),
                   "%lld events that nobody was told of: too many, or too old",
                   (long long)status->outbox_dropped);
    ph_print_fact(stdout, "Dropped", line);
}

/* Who this computer is, for hub, broker and printers. */
static void
print_identity(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES], until[32];

    if (strcmp(status->identity, "none") == 0) {
        ph_print_fact(stdout, "Identity", status->identity_text);
        return;
    }
    ph_print_time(status->identity_until_ms, until, sizeof(until));
    (void)snprintf(line, sizeof(line), "%s%s%s", status->workstation,
                   status->identity_until_ms != 0 ? ", enrolled, until "
                                                  : ", by its own files",
                   status->identity_until_ms != 0 ? until : "");
    ph_print_fact(stdout, "Identity", line);
    if (status->identity_text[0] != '\0')
        ph_print_fact(stdout, "Certificate", status->identity_text);
}

static void
print_policy(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES], since[32];

    if (status->policy_version > 0 || status->policy_ws_version > 0) {
        (void)snprintf(
            line, sizeof(line), "version %lld, of this workstation %lld: %s",
            (long long)status->policy_version,
            (long long)status->policy_ws_version,
            status->policy_text[0] != '\0' ? status->policy_text
                                           : "as the configuration says");
        ph_print_fact(stdout, "Policy", line);
    }
    if (status->cloud_taken > 0 || status->cloud_dropped > 0) {
        (void)snprintf(
            line, sizeof(line), "%lld taken, %lld dropped%s%s",
            (long long)status->cloud_taken, (long long)status->cloud_dropped,
            status->cloud_dropped > 0 ? ": " : "", status->cloud_dropped_text);
        ph_print_fact(stdout, "From the cloud", line);
    }
    if (status->renewal_wanted_ms > 0) {
        ph_print_time(status->renewal_wanted_ms, since, sizeof(since));
        (void)snprintf(line, sizeof(line), "a new one is wanted since %s%s",
                       since,
                       strcmp(status->identity, "enrolled") == 0
                           ? ""
                           : "; replace identity.cert_file and "
                             "identity.key_file");
        ph_print_fact(stdout, "Certificate", line);
    }
    if (status->clock_text[0] != '\0')
        ph_print_fact(stdout, "Clock", status->clock_text);
}

static void
print_release(const struct ph_control_status *status)
{
    char line[LINE_MAX_BYTES] = "off";

    if (strcmp(status->release, "on") == 0)
        (void)snprintf(line, sizeof(line),
                       "port %lld, %lld connections, %lld pulls, %lld refused "
                       "so far",
                       (long long)status->release_port,
                       (long long)status->release_connections,
                       (long long)status->release_pulls,
                       (long long)status->release_refused);
    ph_print_fact(stdout, "Release", line);
    if (status->release_denied > 0) {
        (void)snprintf(line, sizeof(line), "%lld printers or certificates",
                       (long long)status->release_denied);
        ph_print_fact(stdout, "Denied", line);
    }
    ph_print_fact(stdout, "Attention", status->release_text);
}

static int
on_item(const void *body, size_t len, bool as_it_is)
{
    struct ph_control_status status;
    int err = ph_control_status_parse(body, len, &status);

    if (err != PH_OK || as_it_is)
        return err;
    print_service(&status);
    print_jobs(&status);
    print_computer(&status);
    print_identity(&status);
    print_cloud(&status);
    print_policy(&status);
    print_release(&status);
    return PH_OK;
}

int
ph_cmd_status(const struct ph_command_line *line)
{
    const struct ph_control_request request = {.op = PH_CONTROL_STATUS};

    return ph_command_exit_code(ph_command_ask(line, &request, on_item));
}
