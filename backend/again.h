/*
 * The agent was lost in the middle of a job: cupsd must send the document
 * anew. It does so minutes later (exit 6), or at once (exit 7), without a limit
 * and as fast as it can. So exit 7 waits for the agent and is counted: by the
 * loss, whatever the job, in a file below TMPDIR, which cupsd gives us. Where
 * nothing can be counted, and after PH_AGAIN_MAX losses within
 * PH_AGAIN_WITHIN_S, cupsd takes its time.
 *
 * Only the supervisor can wait so: the worker has closed its box.
 */
#ifndef PH_BACKEND_AGAIN_H
#define PH_BACKEND_AGAIN_H

#include <signal.h>
#include <stdint.h>

#include "printhold/model/config.h"

#define PH_AGAIN_MAX      3
#define PH_AGAIN_WITHIN_S 600

/*
 * Wait until the agent answers again, config.agent_wait_s at most; returns the
 * exit code. The next attempt at the job will be told from this one, that of
 * the second attempt_s (-1 unknown). Call it with SIGTERM blocked; its handler
 * sets *is_terminated and ends the wait.
 */
int ph_again_wait(const struct ph_config *config, int64_t attempt_s,
                  const volatile sig_atomic_t *is_terminated);

#endif
