#include "sign_in_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choose.h"
#include "hub_api.h"
#include "print.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/typed.h"
#include "printhold/base/wipe.h"
#include "reports.h"
#include "sign_in_pull.h"

static int
tell(int err, const struct ph_why *why)
{
    (void)fprintf(stderr, "printhold-station: %s\n",
                  why->text[0] != '\0' ? why->text : ph_err_text(err));
    return err;
}

/* --- what the person shows and types --- */

/* A file in place of standard input, so that each secret is a line of it. */
static int
use_file(const char *path, struct ph_why *why)
{
    int fd;

    if (path == NULL || strcmp(path, "-") == 0)
        return PH_OK;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) {
        int err = ph_err_from_errno(errno);

        ph_io_close(&fd);
        return ph_why_fail(why, err, "cannot read %s", path);
    }
    ph_io_close(&fd);
    return PH_OK;
}

static int
take_badge(const char *prompt, char badge[PH_BADGE_TEXT], struct ph_why *why)
{
    char typed[2 * PH_BADGE_TEXT];
    int err = ph_typed_read(NULL, prompt, typed, sizeof(typed), why);

    if (err == PH_OK && ph_badge_normalise(typed, badge) != PH_OK)
        err = ph_why_fail(why, PH_ERR_INVALID,
                          "a badge has %d to %d letters and digits",
                          PH_BADGE_MIN, PH_BADGE_MAX);
    ph_wipe(typed, sizeof(typed));
    return err;
}

static int
take_pin(const char *prompt, char pin[PH_PIN_TEXT], struct ph_why *why)
{
    int err = ph_typed_read(NULL, prompt, pin, PH_PIN_TEXT, why);

    if (err == PH_OK && ph_pin_check(pin) != PH_OK)
        err = ph_why_fail(why, PH_ERR_INVALID, "a PIN has %d to %d digits",
                          PH_PIN_DIGITS_MIN, PH_PIN_DIGITS_MAX);
    return err;
}

static int
take_code(char code[PH_CODE_TEXT], struct ph_why *why)
{
    char typed[PH_CODE_TYPED_MAX + 1];
    int err = ph_typed_read(NULL, "Code: ", typed, sizeof(typed), why);

    if (err == PH_OK && ph_code_read(typed, strlen(typed), code) != PH_OK)
        err = ph_why_fail(why, PH_ERR_INVALID, "a code has %d digits",
                          PH_CODE_DIGITS);
    ph_wipe(typed, sizeof(typed));
    return err;
}

static int
take_secrets(const struct ph_options *options, struct ph_sign_in *request,
             struct ph_why *why)
{
    int err = use_file(options->secret_file, why);

    request->way = options->way;
    if (err == PH_OK && (options->way == PH_SIGN_IN_BADGE ||
                         options->way == PH_SIGN_IN_BADGE_PIN))
        err = take_badge("Badge: ", request->badge, why);
    if (err == PH_OK && (options->way == PH_SIGN_IN_PIN ||
                         options->way == PH_SIGN_IN_BADGE_PIN))
        err = take_pin("PIN: ", request->pin, why);
    if (err == PH_OK && options->way == PH_SIGN_IN_CODE)
        err = take_code(request->code, why);
    if (err == PH_OK && options->way == PH_SIGN_IN_PASSWORD)
        err = ph_typed_read(NULL, "Password: ", request->password,
                            sizeof(request->password), why);
    if (err == PH_OK && options->way == PH_SIGN_IN_PASSWORD &&
        ph_login_normalise(options->login, request->login) != PH_OK)
        err = ph_why_fail(why, PH_ERR_INVALID, "--login is no login");
    if (err == PH_OK && options->register_badge)
        err = take_badge("New badge: ", request->new_badge, why);
    return err;
}

/* --- showing --- */

static void
show_workstation(const struct ph_hub_workstation *ws)
{
    (void)printf("%s  %s  %s\n", ws->id, ws->host[0] != '\0' ? ws->host : "-",
                 ws->presence);
    for (size_t i = 0; i < ws->job_count; i++) {
        const struct ph_hub_job *job = &ws->job[i];

        (void)printf("  %s  %s  %s\n", job->id, job->state,
                     job->confidential       ? "(confidential)"
                     : job->title[0] != '\0' ? job->title
                                             : "-");
    }
    if (ws->more > 0)
        (void)printf("  and %lld more\n", (long long)ws->more);
}

static json_t *
job_json(const struct ph_hub_job *job)
{
    json_t *object = json_pack("{ss ss ss sb}", "id", job->id, "state",
                               job->state, "expires", job->expires,
                               "confidential", (int)job->confidential);

    if (job->title[0] != '\0')
        (void)json_object_set_new(object, "job-name", json_string(job->title));
    if (job->impressions >= 0)
        (void)json_object_set_new(object, "job-impressions",
                                  json_integer(job->impressions));
    if (job->copies >= 0)
        (void)json_object_set_new(object, "copies", json_integer(job->copies));
    return object;
}

/* Without the grant: that is nobody's to read. */
static json_t *
workstation_json(const struct ph_hub_workstation *ws)
{
    json_t *jobs = json_array();

    for (size_t i = 0; i < ws->job_count; i++)
        (void)json_array_append_new(jobs, job_json(&ws->job[i]));
    return json_pack("{ss ss ss so sI}", "workstation", ws->id, "host",
                     ws->host, "presence", ws->presence, "jobs", jobs, "more",
                     (json_int_t)(ws->more > 0 ? ws->more : 0));
}

static int
show_answer(const struct ph_options *options,
            const struct ph_hub_answer *answer)
{
    json_t *list = options->json ? json_array() : NULL;

    if (!options->json && answer->workstation_count == 0)
        (void)printf("%s: no workstation is known\n", answer->login);
    for (size_t i = 0; i < answer->workstation_count; i++) {
        if (options->json)
            (void)json_array_append_new(
                list, workstation_json(&answer->workstation[i]));
        else
            show_workstation(&answer->workstation[i]);
    }
    return options->json
               ? ph_print_members_json(json_pack(
                     "{ss so}", "person", answer->login, "workstations", list))
               : PH_OK;
}

/* --- pulling and reporting --- */

/* What could not be written down (no enrolment, no directory) is told at once,
 * and lost when the hub is away. */
static void
tell_unkept(struct ph_https *hub, const struct ph_options *options,
            const struct ph_hub_answer *answer,
            const struct ph_pulled_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct ph_pulled *pulled = &list->pulled[i];
        const struct ph_report_words words = {.session = answer->session,
                                              .workstation =
                                                  pulled->workstation,
                                              .job = pulled->job.id,
                                              .result = "printed"};
        struct ph_why why = {""};

        if (pulled->result.completed && !pulled->is_kept &&
            ph_reports_tell(hub, &words, options->tries, &why) != PH_OK)
            (void)fprintf(stderr,
                          "printhold-station: %s: the hub was not told: %s\n",
                          pulled->job.id, why.text);
    }
}

static int
show_pulled(const struct ph_options *options, const struct ph_pulled_list *list)
{
    json_t *report = options->json ? json_array() : NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct ph_pulled *pulled = &list->pulled[i];

        if (pulled->err != PH_OK)
            (void)fprintf(stderr, "printhold-station: %s: %s\n", pulled->job.id,
                          pulled->why.text[0] != '\0'
                              ? pulled->why.text
                              : ph_err_text(pulled->err));
        if (report != NULL)
            (void)json_array_append_new(
                report, ph_print_pulled(&pulled->job, &pulled->result,
                                        pulled->err, &pulled->why));
        else if (pulled->err == PH_OK)
            (void)printf("%s\n", pulled->result.name);
    }
    return report != NULL ? ph_print_list_json(report) : PH_OK;
}

/* Each job that was named must have been somewhere. */
static int
check_named(const struct ph_options *options, const struct ph_pulled_list *list)
{
    int err = PH_OK;

    for (size_t i = 0; i < options->job_count; i++) {
        bool found = false;

        for (size_t k = 0; k < list->count; k++)
            found =
                found || strcmp(list->pulled[k].job.id, options->job[i]) == 0;
        if (found)
            continue;
        (void)fprintf(stderr,
                      "printhold-station: %s: there is no such job for this "
                      "person\n",
                      options->job[i]);
        err = PH_ERR_NOT_FOUND;
    }
    return err;
}

static int
pull(struct ph_https *hub, const struct ph_options *asked,
     const struct ph_hub_answer *answer, int dirfd, size_t *out_left)
{
    struct ph_options with_choice = *asked;
    const struct ph_options *options = &with_choice;
    struct ph_why why = {""};
    struct ph_pulled_list list = {.pulled = NULL};
    int err = PH_OK;
    int shown;

    if (options->choose)
        err = ph_choose_jobs(answer, &with_choice, &why);
    if (err == PH_OK)
        err = ph_sign_in_pull(options, answer, dirfd, &list);
    if (err != PH_OK)
        return tell(err, &why);
    shown = show_pulled(options, &list);
    (void)fflush(stdout); /* what was pulled is known while the hub is away */
    tell_unkept(hub, options, answer, &list);
    *out_left = ph_reports_send(options->state, hub, options->tries);
    err = list.first_err;
    if (err == PH_OK)
        err = check_named(options, &list);
    if (err == PH_OK)
        err = shown;
    free(list.pulled);
    return err;
}

/* One PIN, of the person's choice or the hub's. */
static int
get_pin(struct ph_https *hub, const struct ph_options *options,
        const struct ph_hub_answer *answer, char pin[PH_PIN_TEXT])
{
    struct ph_why why = {""};
    int err = ph_hub_set_pin(hub, answer->session, pin, &why);

    if (err != PH_OK)
        return tell(err, &why);
    if (options->json)
        return ph_print_members_json(
            options->choose
                ? json_pack("{ss}", "person", answer->login)
                : json_pack("{ss ss}", "person", answer->login, "pin", pin));
    if (!options->choose)
        (void)printf("%s\n", pin);
    return PH_OK;
}

static int
signed_in(struct ph_https *hub, const struct ph_options *options,
          const struct ph_hub_answer *answer, int dirfd, char pin[PH_PIN_TEXT])
{
    size_t left = 0;
    int err;

    if (answer->registered_only) {
        (void)printf("The badge is registered for %s\n", answer->login);
        return PH_OK;
    }
    if (options->command == PH_COMMAND_PIN) {
        err = get_pin(hub, options, answer, pin);
        if (err != PH_OK) /* else the session has ended */
            ph_hub_sign_out(hub, answer->session);
        return err;
    }
    err = dirfd < 0 ? show_answer(options, answer)
                    : pull(hub, options, answer, dirfd, &left);
    if (left == 0) /* else the session is needed still */
        ph_hub_sign_out(hub, answer->session);
    return err;
}

int
ph_sign_in_run(const struct ph_options *options, int dirfd)
{
    struct ph_hub_answer answer = {.workstation = NULL};
    struct ph_sign_in request = {.badge = ""};
    char pin[PH_PIN_TEXT] = "";
    struct ph_https *hub = NULL;
    struct ph_why why = {""};
    int err = ph_https_open(&options->https, &hub, &why);

    if (err == PH_OK)
        err = take_secrets(options, &request, &why);
    if (err == PH_OK && options->choose && options->command == PH_COMMAND_PIN)
        err = take_pin("New PIN: ", pin, &why);
    if (err != PH_OK) {
        (void)tell(err, &why);
        err = PH_ERR_CONFIG; /* nothing was asked of anybody */
    } else {
        (void)ph_reports_send(options->state, hub, 1);
        err = ph_hub_sign_in(hub, &request, &answer, &why);
        err = err == PH_OK ? signed_in(hub, options, &answer, dirfd, pin)
                           : tell(err, &why);
    }
    ph_wipe(pin, sizeof(pin));
    ph_sign_in_wipe(&request);
    ph_hub_answer_free(&answer);
    ph_https_close(hub);
    return err;
}
