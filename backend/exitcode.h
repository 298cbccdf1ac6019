/*
 * The exit codes of the backend, and what cupsd 2.4 does with each (measured
 * with the default printer-error-policy retry-job).
 */
#ifndef PH_BACKEND_EXITCODE_H
#define PH_BACKEND_EXITCODE_H

enum ph_exitcode {
    /* The job is durable in our spool; cupsd removes its copy. */
    PH_EXIT_DONE = 0,
    /* Wrong use on a command line only: what cupsd does with it depends on
     * the queue's error policy. */
    PH_EXIT_USAGE = 1,
    /* 2 (authentication required) is not used: it makes the desktop ask for
     * a password, and we never take one. */
    /* The job is held until a person or the agent releases it. */
    PH_EXIT_HOLD = 3,
    /* The queue stops and says why; jobs wait. Only when no job could be
     * taken: our own configuration is broken. */
    PH_EXIT_STOP = 4,
    /* The job is cancelled: it can never be taken. */
    PH_EXIT_CANCEL = 5,
    /* The job is tried again after JobRetryInterval, five times. */
    PH_EXIT_RETRY = 6,
    /* The job is started again at once, without a limit and as fast as cupsd
     * can, some sixty times a second. Only from ph_again_wait, which sees to
     * both; from the worker it says that the agent was lost. */
    PH_EXIT_RETRY_NOW = 7,
};

#endif
