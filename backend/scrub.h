/*
 * The first thing that the backend does: take the secrets and the private
 * text of this run out of places where others can read them.
 *
 * /proc/PID/cmdline and ps show argv (title, user, options) to every local
 * user, and cupsd puts the password of a job that came over TCP into
 * AUTH_PASSWORD. Both are overwritten in place.
 */
#ifndef PH_BACKEND_SCRUB_H
#define PH_BACKEND_SCRUB_H

/* The arguments of backend(7), copied. file is NULL for standard input. */
struct ph_arguments {
    char *job_id;
    char *user;
    char *title;
    char *copies;
    char *options;
    char *file;
};

/* Overwrite the password in the environment's memory and unset it. */
void ph_scrub_environment(void);

/* Copy argv[1..] (argc must be 6 or 7) and overwrite all of argv but the
 * program's name. PH_ERR_NOMEM leaves *out_arguments untouched; argv is
 * overwritten all the same. */
int ph_scrub_arguments(int argc, char **argv,
                       struct ph_arguments *out_arguments);

/* Wipe and free the copies. */
void ph_scrub_free(struct ph_arguments *arguments);

#endif
