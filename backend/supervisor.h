/*
 * The parent of the worker. cupsd takes a backend that dies by SIGKILL,
 * SIGTERM or SIGPIPE for one that succeeded, and the job would be lost without
 * a word; so the process that cupsd watches does nothing that can fail, and
 * turns the worker's death into "try again".
 *
 *   supervisor ── forks ──▶ worker          reads, encrypts, hands over
 *             └── spawns ─▶ page counter    parses, in a box
 *
 * The supervisor waits on a socket that only the worker holds: its end of file
 * is the worker's end. Over it the worker asks the one question that needs a
 * socket of its own (jobstate.h).
 */
#ifndef PH_BACKEND_SUPERVISOR_H
#define PH_BACKEND_SUPERVISOR_H

#include "jobinfo.h"
#include "printhold/model/config.h"

/*
 * From now on SIGTERM means "stop the worker", and SIGPIPE and SIGXFSZ are
 * errors of the call that caused them. Once, before everything else.
 */
void ph_supervisor_catch_signals(void);

/*
 * Take the document on the descriptor; returns the exit code. The page counter
 * is started before anything else: loading it is what a small job waits for.
 */
int ph_supervisor_run(const struct ph_config *config,
                      const struct ph_arguments *arguments, int input);

#endif
