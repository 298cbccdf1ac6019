/*
 * Real jobs in a scratch directory: machine key, epoch keys, spool and
 * catalogue, and a way to hold a document as the backend would.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_JOBS_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_JOBS_FIXTURE_H

#include "jobs.h"
#include "scratch.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/machine_key.h"

struct jobs_fixture {
    struct scratch scratch;
    struct ph_config config;
    struct ph_epoch_keys *keys;
    struct ph_jobs *jobs;
};

static inline void
jobs_fixture_path(const struct jobs_fixture *f, const char *name, char *dst,
                  size_t cap)
{
    const int len = snprintf(dst, cap, "%s/%s", f->scratch.path, name);

    assert_true(len > 0 && (size_t)len < cap);
}

/* (Re)open what lies in the scratch directory, as the agent does at start. */
static inline void
jobs_fixture_open(struct jobs_fixture *f)
{
    static const struct ph_workstation ws = {
        .tenant = "acme",
        .id = "ws-test",
        .host = "desk",
        .pin = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        .address = {"192.0.2.7:9443"},
        .address_count = 1,
    };
    struct ph_machine_key machine;
    struct ph_why why = {""};
    char path[512];
    int fd;

    assert_int_equal(
        ph_machine_key_load("file", f->config.key_file, &machine, &why), PH_OK);
    jobs_fixture_path(f, "keys", path, sizeof(path));
    assert_int_equal(ph_io_open_dir(path, true, 0700, &fd, &why), PH_OK);
    assert_int_equal(ph_epoch_keys_open(fd, &machine, &f->keys, &why), PH_OK);
    ph_machine_key_wipe(&machine);
    ph_io_close(&fd);
    assert_int_equal(ph_jobs_open(&f->config, f->keys, &f->jobs, &why), PH_OK);
    assert_int_equal(ph_jobs_set_workstation(f->jobs, &ws), PH_OK);
    assert_int_equal(ph_jobs_recover(f->jobs, &why), PH_OK);
}

/* As after a crash: nothing is finished, only the memory is gone. */
static inline void
jobs_fixture_close(struct jobs_fixture *f)
{
    ph_jobs_close(f->jobs);
    ph_epoch_keys_free(f->keys);
    f->jobs = NULL;
    f->keys = NULL;
}

static inline void
jobs_fixture_make(struct jobs_fixture *f)
{
    static const uint8_t directory_key[32] = {7};
    struct ph_why why = {""};

    scratch_make(&f->scratch);
    ph_config_init(&f->config);
    jobs_fixture_path(f, "spool", f->config.spool_dir, PH_CONFIG_TEXT_MAX);
    jobs_fixture_path(f, "", f->config.state_dir, PH_CONFIG_TEXT_MAX);
    jobs_fixture_path(f, "machine.key", f->config.key_file, PH_CONFIG_TEXT_MAX);
    jobs_fixture_path(f, "directory.key", f->config.directory_key_file,
                      PH_CONFIG_TEXT_MAX);
    (void)snprintf(f->config.cloud_url, PH_CONFIG_TEXT_MAX,
                   "wss://broker.example/mqtt");
    (void)snprintf(f->config.owner_domain, PH_CONFIG_TEXT_MAX, "example.com");
    f->config.free_reserve = 0;
    scratch_write(f->config.directory_key_file, directory_key,
                  sizeof(directory_key));
    assert_int_equal(ph_machine_key_create("file", f->config.key_file, &why),
                     PH_OK);
    jobs_fixture_open(f);
}

static inline void
jobs_fixture_remove(struct jobs_fixture *f)
{
    jobs_fixture_close(f);
    scratch_remove(&f->scratch);
}

static inline void
jobs_fixture_begin_fill(struct ph_capture_begin *begin, const char *user,
                        uint32_t uid, const char *uuid)
{
    memset(begin, 0, sizeof(*begin));
    begin->owner_uid = uid;
    begin->cups_job_id = 1;
    begin->attempt_s = -1;
    (void)snprintf(begin->owner_name, sizeof(begin->owner_name), "%s", user);
    (void)snprintf(begin->owner_auth, sizeof(begin->owner_auth), "peercred");
    (void)snprintf(begin->job_uuid, sizeof(begin->job_uuid), "%s", uuid);
    (void)snprintf(begin->queue, sizeof(begin->queue), "PrintHold");
}

static inline void
jobs_fixture_ticket_fill(struct ph_ticket *ticket, const char *title,
                         size_t size)
{
    ph_ticket_init(ticket);
    ticket->owner_uid = 1; /* the agent replaces it by what BEGIN said */
    ticket->size_bytes = (int64_t)size;
    (void)snprintf(ticket->job_name, sizeof(ticket->job_name), "%s", title);
    (void)snprintf(ticket->document_format, sizeof(ticket->document_format),
                   "application/pdf");
}

/* Capture a document up to the commit, which is the caller's. */
static inline struct ph_capture *
jobs_fixture_send(struct jobs_fixture *f, const struct ph_capture_begin *begin,
                  const char *title, const char *text, struct ph_ticket *ticket)
{
    struct ph_capture_refuse refuse;
    struct ph_sealed_writer *writer;
    struct ph_sealed_secret secret;
    struct ph_capture *capture;
    uint64_t size;
    int fd;

    assert_int_equal(
        ph_jobs_begin(f->jobs, begin, &capture, &secret, &fd, &refuse), PH_OK);
    assert_int_equal(ph_sealed_writer_new(fd, &secret, &writer), PH_OK);
    assert_int_equal(ph_sealed_writer_write(writer, text, strlen(text)), PH_OK);
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
    ph_sealed_writer_free(writer);
    ph_io_close(&fd);
    jobs_fixture_ticket_fill(ticket, title, (size_t)size);
    return capture;
}

/* Capture a document; what ph_jobs_commit returned. */
static inline int
jobs_fixture_hold_begun(struct jobs_fixture *f,
                        const struct ph_capture_begin *begin, const char *title,
                        const char *text, struct ph_id *out_id)
{
    struct ph_capture_refuse refuse;
    struct ph_ticket ticket;
    struct ph_capture *capture =
        jobs_fixture_send(f, begin, title, text, &ticket);

    return ph_jobs_commit(capture, &ticket, out_id, &refuse);
}

static inline int
jobs_fixture_hold_as(struct jobs_fixture *f, const char *user, uint32_t uid,
                     const char *uuid, const char *title, const char *text,
                     struct ph_id *out_id)
{
    struct ph_capture_begin begin;

    jobs_fixture_begin_fill(&begin, user, uid, uuid);
    return jobs_fixture_hold_begun(f, &begin, title, text, out_id);
}

/* The broker's answer to a document, or with an empty uk to an event. */
static inline void
jobs_fixture_answer(struct jobs_fixture *f, const char *uk, uint64_t number,
                    uint8_t reason)
{
    struct ph_outbox_result result = {.number = number, .reason = reason};

    (void)snprintf(result.uk, sizeof(result.uk), "%s", uk);
    assert_int_equal(ph_jobs_outbox_store(f->jobs, &result, 1), PH_OK);
}

static inline struct ph_id
jobs_fixture_hold(struct jobs_fixture *f, const char *title, const char *text)
{
    struct ph_id id = {{0}};

    assert_int_equal(jobs_fixture_hold_as(f, "alice", 1001,
                                          "urn:uuid:00000000-0000-0000-0000-"
                                          "000000000001",
                                          title, text, &id),
                     PH_OK);
    return id;
}

#endif
