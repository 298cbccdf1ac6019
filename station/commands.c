#include "commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "enrol_command.h"
#include "grant_file.h"
#include "print.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "pull.h"
#include "sign_in_command.h"

int
ph_commands_exit_status(int err)
{
    switch (err) {
    case PH_OK:
        return 0;
    case PH_ERR_DENIED:
    case PH_ERR_EXPIRED:
        return 3;
    case PH_ERR_NOT_FOUND:
    case PH_ERR_BUSY:
        return 4;
    case PH_ERR_AGAIN:
    case PH_ERR_CLOSED:
    case PH_ERR_LIMIT:
    case PH_ERR_TIMEOUT:
        return 5;
    case PH_ERR_CORRUPT:
    case PH_ERR_PROTOCOL:
        return 6;
    case PH_ERR_EXISTS:
    case PH_ERR_NO_SPACE:
    case PH_ERR_IO:
        return 7;
    default:
        return 1;
    }
}

static int
tell(int err, const char *job_id, const struct ph_why *why)
{
    (void)fprintf(stderr, "printhold-station: %s%s%s\n",
                  job_id != NULL ? job_id : "", job_id != NULL ? ": " : "",
                  why->text[0] != '\0' ? why->text : ph_err_text(err));
    return err;
}

static int
list(struct ph_api *api, const struct ph_options *options, struct ph_why *why)
{
    struct ph_station_jobs jobs;
    int err = ph_api_list(api, &jobs, why);

    if (err != PH_OK)
        return tell(err, NULL, why);
    err =
        options->json ? ph_print_jobs_json(&jobs) : ph_print_jobs_table(&jobs);
    ph_messages_free_jobs(&jobs);
    return err == PH_OK ? PH_OK : tell(err, NULL, why);
}

/* Pull one job and tell how it went. */
static int
pull_one(struct ph_api *api, const struct ph_station_job *job,
         const struct ph_pull_options *options, json_t *report)
{
    struct ph_pull_result result = {.name = ""};
    struct ph_why why = {{0}};
    int err = ph_pull_job(api, job, options, &result, &why);

    if (options->progress != NULL)
        ph_print_progress_end();
    if (err != PH_OK)
        (void)tell(err, job->id, &why);
    if (report != NULL)
        (void)json_array_append_new(report,
                                    ph_print_pulled(job, &result, err, &why));
    else if (err == PH_OK)
        (void)printf("%s\n", result.name);
    return err;
}

static const struct ph_station_job *
find_job(const struct ph_station_jobs *jobs, const char *id)
{
    for (size_t i = 0; i < jobs->count; i++) {
        if (strcmp(jobs->job[i].id, id) == 0)
            return &jobs->job[i];
    }
    return NULL;
}

static int
pull_named(struct ph_api *api, const struct ph_options *options,
           const struct ph_station_jobs *jobs,
           const struct ph_pull_options *how, json_t *report)
{
    struct ph_why why;
    int first = PH_OK;

    for (size_t i = 0; i < options->job_count; i++) {
        const struct ph_station_job *job = find_job(jobs, options->job[i]);
        int err = PH_ERR_NOT_FOUND;

        ph_why_set(&why, "there is no such job here for this person");
        if (job == NULL)
            (void)tell(err, options->job[i], &why);
        else
            err = pull_one(api, job, how, report);
        if (first == PH_OK)
            first = err;
    }
    return first;
}

static int
pull_all(struct ph_api *api, const struct ph_station_jobs *jobs,
         const struct ph_pull_options *how, json_t *report)
{
    int first = PH_OK;

    for (size_t i = 0; i < jobs->count; i++) {
        int err = pull_one(api, &jobs->job[i], how, report);

        if (first == PH_OK)
            first = err;
    }
    return first;
}

/* A list shows a bounded number of jobs; what is completed makes room for the
 * next. */
static int
pull_lists(struct ph_api *api, const struct ph_options *options,
           const struct ph_pull_options *how, json_t *report,
           struct ph_why *why)
{
    bool more = false;
    int err;

    do {
        struct ph_station_jobs jobs;

        err = ph_api_list(api, &jobs, why);
        if (err != PH_OK)
            return tell(err, NULL, why);
        err = options->all ? pull_all(api, &jobs, how, report)
                           : pull_named(api, options, &jobs, how, report);
        more = options->all && jobs.more && jobs.count > 0 && how->complete;
        ph_messages_free_jobs(&jobs);
    } while (more && err == PH_OK);
    return err;
}

static int
pull(struct ph_api *api, const struct ph_options *options, int dirfd,
     struct ph_why *why)
{
    bool show = !options->quiet && isatty(STDERR_FILENO) == 1;
    json_t *report = options->json ? json_array() : NULL;
    unsigned shown = 0;
    struct ph_pull_options how = {
        .dirfd = dirfd,
        .force = options->force,
        .complete = !options->no_complete,
        .keep_claim = options->keep_claim,
        .tries = options->tries,
        .progress = show ? ph_print_progress : NULL,
        .arg = &shown,
    };
    int err = pull_lists(api, options, &how, report, why);

    if (report != NULL && ph_print_list_json(report) != PH_OK && err == PH_OK)
        err = PH_ERR_IO;
    return err;
}

/* What is wrong on our own side is no answer of the workstation, so it has
 * none of the exit statuses that speak of one. */
static int
own_fault(int err, const struct ph_why *why)
{
    (void)tell(err, NULL, why);
    return PH_ERR_CONFIG;
}

static int
with_api(struct ph_api *api, const char *proof,
         const struct ph_options *options, int dirfd, struct ph_why *why)
{
    int err = ph_api_open_session(
        api, options->code_file != NULL ? PH_API_CODE : PH_API_GRANT, proof,
        why);

    if (err != PH_OK)
        return tell(err, NULL, why);
    if (options->command == PH_COMMAND_LIST)
        err = list(api, options, why);
    else
        err = pull(api, options, dirfd, why);
    ph_api_close_session(api);
    return err;
}

/* Everything that can be wrong here is found before grant or code is spent. */
static int
with_session(const struct ph_options *options, int dirfd, struct ph_why *why)
{
    struct ph_https *https = NULL;
    struct ph_api *api = NULL;
    struct ph_buf proof;
    int err = options->code_file != NULL
                  ? ph_code_file_read(options->code_file, &proof, why)
                  : ph_grant_file_read(options->grant_file, &proof, why);

    if (err != PH_OK)
        return own_fault(err, why);
    err = ph_https_open(&options->https, &https, why);
    if (err == PH_OK)
        err = ph_api_new(https, options->tries, &api);
    if (err == PH_OK)
        err = with_api(api, ph_buf_str(&proof), options, dirfd, why);
    else
        err = own_fault(err, why);
    ph_buf_close(&proof);
    ph_api_free(api);
    ph_https_close(https);
    return err;
}

/* The documents go where; the rest says who we are. */
static int
run_with_output(const struct ph_options *options)
{
    struct ph_why why = {{0}};
    int dirfd = -1;
    int err;

    if (options->command != PH_COMMAND_LIST && options->output != NULL) {
        err = ph_io_open_dir(options->output, true, 0700, &dirfd, &why);
        if (err != PH_OK) {
            (void)tell(err, NULL, &why);
            return PH_ERR_IO;
        }
    }
    err = ph_options_is_at_hub(options) ? ph_sign_in_run(options, dirfd)
                                        : with_session(options, dirfd, &why);
    ph_io_close(&dirfd);
    return err;
}

int
ph_commands_run(const struct ph_options *options)
{
    struct ph_options with_identity = *options;
    struct ph_enrolled enrolled;
    struct ph_why why = {{0}};
    int err;

    if (options->command == PH_COMMAND_ENROL)
        return ph_enrol_command(options);
    if (options->command == PH_COMMAND_RENEW)
        return ph_renew_command(options);
    err = ph_enrol_use(&with_identity, &enrolled, &why);
    return err == PH_OK ? run_with_output(&with_identity)
                        : own_fault(err, &why);
}
