/*
 * Runs the backend as cupsd does, with a strict agent (ph-fake-agent) at the
 * other end, both as real processes in a fresh directory. Every wait has a
 * deadline and fails the test when it passes.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_BACKEND_RIG_H
#define PRINTHOLD_TESTS_SUPPORT_BACKEND_RIG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "printhold/base/buf.h"
#include "scratch.h"

struct rig {
    struct scratch dir;
    /* may be changed before a start */
    const char *title;
    const char *options;
    const char *file; /* argv[6], NULL for standard input */
    const char *auth_uid;
    const char *auth_username;
    const char *password;
    const char *final_type;
    const char *file_type;
    const char *agent_user;
    const char *tmpdir; /* TMPDIR, NULL when unset */
    const char *pagecount;
    const char *settings;     /* more lines of [backend] */
    const char *job_settings; /* lines of [jobs] */
    size_t file_size_limit;   /* RLIMIT_FSIZE, 0 none */
    /* the run */
    pid_t agent;
    pid_t backend;
    int input;
    int output;
    char errors[16384]; /* what the backend said */
    size_t errors_len;
};

int rig_setup(void **state);
int rig_teardown(void **state);

void rig_agent(struct rig *rig, const char *mode, const char *uid);
void rig_agent_stop(struct rig *rig);

/* One whole run; the exit code. */
int rig_print(struct rig *rig, const void *document, size_t len);
/* The steps of one. _wait leaves standard input open. */
void rig_start(struct rig *rig);
void rig_feed(struct rig *rig, const void *bytes, size_t len);
void rig_close_input(struct rig *rig);
int rig_finish(struct rig *rig);
int rig_wait(struct rig *rig);
/* With so many arguments and nothing else; output is in errors. */
int rig_run_bare(struct rig *rig, int count);

/* Events. */
void rig_wait_consumed(struct rig *rig);
void rig_wait_log(struct rig *rig, const char *text);
void rig_wait_log_count(struct rig *rig, const char *text, unsigned count);
void rig_wait_stderr(struct rig *rig, const char *text);

/* Facts. */
pid_t rig_worker(const struct rig *rig);
int rig_children_left(const struct rig *rig);
unsigned rig_count_log(const struct rig *rig, const char *text);
void rig_expect_code(const char *what, int code, int expected);
/* The agent's log comes to end so; the agent was never spoken to. */
void rig_expect_log(const struct rig *rig, const char *end);
void rig_expect_empty_log(const struct rig *rig);
/* The agent found nothing wrong with what the backend said. */
void rig_expect_no_violation(const struct rig *rig);
void rig_expect_stderr(const struct rig *rig, const char *text);
void rig_expect_status(pid_t pid, const char *line);
void rig_expect_document(const struct rig *rig, unsigned job,
                         const void *document, size_t len);
void rig_expect_ticket(const struct rig *rig, unsigned job, const char *text);
void rig_expect_no_ticket_text(const struct rig *rig, unsigned job,
                               const char *text);

/* Three pages, encrypted (AES-256, revision 6); close buf. */
void rig_encrypted_pdf(struct ph_buf *pdf, const char *user, const char *owner);

#endif
