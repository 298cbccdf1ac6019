/*
 * ph-bench-fill: fills the spool and the catalogue of an agent that does not
 * run with held jobs, through the agent's own code (agent/jobs/jobs.h): every file
 * is sealed and every row is as a capture leaves it.
 *
 *   ph-bench-fill JOBS USERS UID OWN
 *
 * JOBS jobs: OWN of them belong to UID, the others to USERS accounts from
 * FIRST_UID on, mixed. The settings are those of $PRINTHOLD_CONFIG_DIR. Nothing
 * is synced before the end, then all at once: only what is there counts, not
 * how it came there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jobs.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/machine_key.h"

#define FIRST_UID 70000

struct filler {
    struct ph_epoch_keys *keys;
    struct ph_jobs *jobs;
    unsigned long count, users, uid, own;
};

static const char document[] = "%PDF-1.4 a document of the bench\n";

/* In the place of libc's, for SQLite too. */
int
fsync(int fd)
{
    (void)fd;
    return 0;
}

int
fdatasync(int fd)
{
    (void)fd;
    return 0;
}

static void
die(const char *what, int err, const char *why)
{
    (void)fprintf(stderr, "ph-bench-fill: %s: %s %s\n", what, ph_err_text(err),
                  why);
    exit(2);
}

static void
open_jobs(struct filler *filler, const struct ph_config *config)
{
    struct ph_workstation workstation = {
        .tenant = "bench", .id = "ws-bench", .host = "bench"};
    struct ph_machine_key machine;
    struct ph_why why = {{0}};
    char path[PH_CONFIG_TEXT_MAX + 8];
    int dirfd = -1, err;

    (void)snprintf(path, sizeof(path), "%s/keys", config->state_dir);
    err = ph_machine_key_load(config->key_level, config->key_file, &machine,
                              &why);
    if (err == PH_OK)
        err = ph_io_open_dir(path, true, 0700, &dirfd, &why);
    if (err == PH_OK)
        err = ph_epoch_keys_open(dirfd, &machine, &filler->keys, &why);
    if (err == PH_OK)
        err = ph_jobs_open(config, filler->keys, &filler->jobs, &why);
    if (err == PH_OK)
        err = ph_jobs_set_workstation(filler->jobs, &workstation);
    if (err == PH_OK)
        err = ph_jobs_recover(filler->jobs, &why);
    if (err != PH_OK)
        die("cannot open the jobs", err, why.text);
    ph_machine_key_wipe(&machine);
    ph_io_close(&dirfd);
}

/* Every so often one of UID's own. */
static bool
is_own(const struct filler *filler, unsigned long n)
{
    return filler->own > 0 && n % (filler->count / filler->own) == 0 &&
           n / (filler->count / filler->own) < filler->own;
}

static void
describe(const struct filler *filler, unsigned long n,
         struct ph_capture_begin *begin, struct ph_ticket *ticket)
{
    unsigned long uid =
        is_own(filler, n) ? filler->uid : FIRST_UID + n % filler->users;

    *begin = (struct ph_capture_begin){.owner_uid = (uint32_t)uid,
                                       .cups_job_id = (int32_t)n + 1,
                                       .attempt_s = -1};
    (void)snprintf(begin->owner_name, sizeof(begin->owner_name), "user-%lu",
                   uid);
    (void)snprintf(begin->owner_auth, sizeof(begin->owner_auth), "peercred");
    (void)snprintf(begin->queue, sizeof(begin->queue), "PrintHold");
    (void)snprintf(begin->job_uuid, sizeof(begin->job_uuid),
                   "urn:uuid:00000000-0000-4000-8000-%012lx", n);
    ph_ticket_init(ticket);
    ph_ticket_apply_options(ticket,
                            "job-originating-host-name=localhost copies=2 "
                            "sides=two-sided-long-edge Duplex=DuplexNoTumble "
                            "media=iso_a4_210x297mm PageSize=A4");
    (void)snprintf(ticket->job_name, sizeof(ticket->job_name),
                   "Document %lu of the bench", n);
    (void)snprintf(ticket->document_format, sizeof(ticket->document_format),
                   "application/pdf");
    (void)snprintf(ticket->driver, sizeof(ticket->driver),
                   "PrintHold secure queue");
    ticket->impressions = 1;
    ticket->copies = 2;
    ticket->size_bytes = sizeof(document) - 1;
}

static void
hold(struct filler *filler, unsigned long n)
{
    struct ph_capture_refuse refuse = {.err = 0};
    struct ph_capture_begin begin;
    struct ph_sealed_secret secret;
    struct ph_sealed_writer *writer = NULL;
    struct ph_capture *capture;
    struct ph_ticket ticket;
    struct ph_id id;
    uint64_t size;
    int fd = -1, err;

    describe(filler, n, &begin, &ticket);
    err = ph_jobs_begin(filler->jobs, &begin, &capture, &secret, &fd, &refuse);
    if (err == PH_OK)
        err = ph_sealed_writer_new(fd, &secret, &writer);
    if (err == PH_OK)
        err = ph_sealed_writer_write(writer, document, sizeof(document) - 1);
    if (err == PH_OK)
        err = ph_sealed_writer_finish(writer, &size);
    ph_sealed_writer_free(writer);
    ph_io_close(&fd);
    if (err == PH_OK)
        err = ph_jobs_commit(capture, &ticket, &id, &refuse);
    if (err == PH_OK)
        err = ph_jobs_acknowledged(filler->jobs, &id);
    if (err != PH_OK)
        die("cannot hold a job", err, refuse.text.text);
}

static unsigned long
number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value > 1000000) {
        (void)fprintf(stderr,
                      "ph-bench-fill: %s is no number up to a "
                      "million\n",
                      text);
        exit(2);
    }
    return value;
}

int
main(int argc, char **argv)
{
    struct filler filler = {.count = 0};
    struct ph_config config;
    struct ph_why why = {{0}};
    int err;

    if (argc != 5) {
        (void)fprintf(stderr, "Usage: ph-bench-fill JOBS USERS UID OWN\n");
        return 2;
    }
    filler.count = number(argv[1]);
    filler.users = number(argv[2]);
    filler.uid = number(argv[3]);
    filler.own = number(argv[4]);
    if (filler.users == 0 || filler.own > filler.count)
        die("arguments", PH_ERR_INVALID, "");
    err = ph_config_load(NULL, &config, &why);
    if (err != PH_OK)
        die("settings", err, why.text);
    open_jobs(&filler, &config);
    for (unsigned long n = 0; n < filler.count; n++)
        hold(&filler, n);
    ph_jobs_close(filler.jobs);
    ph_epoch_keys_free(filler.keys);
    sync();
    return 0;
}
