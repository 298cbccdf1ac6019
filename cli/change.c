#include "change.h"

#include <stdint.h>
#include <stdio.h>

#include "client.h"
#include "print.h"
#include "printhold/base/err.h"

static int
on_item(const void *body, size_t len, void *arg)
{
    const char *word = arg;
    char id[PH_ID_TEXT];
    struct ph_control_job job;
    int err = ph_control_job_parse(body, len, &job);

    if (err != PH_OK)
        return err;
    ph_id_format(&job.id, id);
    (void)printf("%s %.8s ", word, id);
    (void)ph_print_text(stdout, job.ticket.job_name, 0);
    (void)fputc('\n', stdout);
    return PH_OK;
}

static int
change_all(struct ph_client *client, const struct ph_command_line *line,
           const struct ph_control_request *change, const char *word)
{
    struct ph_control_request request = *change;
    struct ph_why why;
    int code = PH_EXIT_OK;

    for (int i = 0; i < line->arg_count; i++) {
        int err = ph_client_name_job(&request, line->args[i], &why);

        if (err == PH_OK)
            err = ph_client_ask(client, &request, on_item,
                                (void *)(uintptr_t)word, &why);
        if (err == PH_OK)
            continue;
        ph_command_complain(&why);
        if (code == PH_EXIT_OK)
            code = ph_command_exit_code(err);
        if (ph_command_exit_code(err) == PH_EXIT_NO_AGENT)
            break; /* the others would fare no better */
    }
    return code;
}

int
ph_change_jobs(const struct ph_command_line *line,
               const struct ph_control_request *change, const char *word)
{
    struct ph_control_request probe = *change;
    struct ph_client client;
    struct ph_why why;
    int code, err;

    for (int i = 0; i < line->arg_count; i++) {
        if (ph_client_name_job(&probe, line->args[i], &why) != PH_OK) {
            ph_command_complain(&why);
            return PH_EXIT_USAGE;
        }
    }
    err = ph_client_open(&client, &why);
    if (err != PH_OK) {
        ph_command_complain(&why);
        return ph_command_exit_code(err);
    }
    code = change_all(&client, line, change, word);
    ph_client_close(&client);
    return code;
}
