#include <stdio.h>

#include "ask.h"
#include "print.h"
#include "printhold/base/err.h"

static void
fact_number(const char *name, int64_t value)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    ph_print_fact(stdout, name, value >= 0 ? text : "unknown");
}

static void
fact_time(const char *name, int64_t wall_ms)
{
    char text[32];

    ph_print_time(wall_ms, text, sizeof(text));
    ph_print_fact(stdout, name, text);
}

static void
print_state(const struct ph_control_job *job)
{
    char id[PH_ID_TEXT];

    ph_id_format(&job->id, id);
    ph_print_fact(stdout, "Job", id);
    ph_print_fact(stdout, "Title", job->ticket.job_name);
    ph_print_fact(stdout, "State", ph_job_state_name(job->state));
    ph_print_fact(stdout, "At printer", job->printer);
    if (job->state == PH_JOB_CLAIMED)
        fact_time("Until", job->lease_until_ms);
    fact_time("Held since", job->held_ms);
    if (ph_job_state_has_document(job->state))
        fact_time("Expires", job->expires_ms);
    else
        fact_time("Ended", job->changed_ms);
    ph_print_fact(stdout, "After printing",
                  job->keep ? "stays held" : "is deleted");
}

static void
print_document(const struct ph_ticket *ticket)
{
    char size[32];

    ph_print_size((uint64_t)ticket->size_bytes, size, sizeof(size));
    ph_print_fact(stdout, "Size", size);
    fact_number("Pages", ticket->impressions);
    fact_number("Pages per side", ticket->number_up);
    ph_print_fact(stdout, "Format", ticket->document_format);
    ph_print_fact(stdout, "Application", ticket->source);
    ph_print_fact(stdout, "Confidential", ticket->confidential ? "yes" : "");
    fact_number("Copies", ticket->copies);
    ph_print_fact(stdout, "Collation", ticket->multiple_document_handling);
    ph_print_fact(stdout, "Sides", ticket->sides);
    ph_print_fact(stdout, "Colour", ticket->print_color_mode);
    ph_print_fact(stdout, "Paper", ticket->media);
    ph_print_fact(stdout, "Finishing", ticket->finishings);
    ph_print_fact(stdout, "Orientation", ticket->orientation_requested);
    ph_print_fact(stdout, "Quality", ticket->print_quality);
    ph_print_fact(stdout, "Output bin", ticket->output_bin);
}

static void
print_origin(const struct ph_ticket *ticket)
{
    ph_print_fact(stdout, "Owner", ticket->owner_name);
    ph_print_fact(stdout, "Login",
                  ticket->owner_login[0] != '\0'
                      ? ticket->owner_login
                      : "none (unmapped): no printer can get this job; an "
                        "administrator must set owner.domain or name the "
                        "account in owner.map_file");
    ph_print_fact(stdout, "Known by", ticket->owner_auth);
    if (ticket->submitted_ms > 0)
        fact_time("Submitted", ticket->submitted_ms);
    ph_print_fact(stdout, "From host", ticket->submission_host);
    ph_print_fact(stdout, "From address", ticket->submission_ip);
    ph_print_fact(stdout, "Queue", ticket->queue);
    ph_print_fact(stdout, "Driver", ticket->driver);
    if (ticket->cups_job_id > 0)
        fact_number("CUPS job", ticket->cups_job_id);
    ph_print_fact(stdout, "Job UUID", ticket->job_uuid);
}

static int
on_item(const void *body, size_t len, bool as_it_is)
{
    struct ph_control_job job;
    int err = ph_control_job_parse(body, len, &job);

    if (err != PH_OK || as_it_is)
        return err;
    print_state(&job);
    print_document(&job.ticket);
    print_origin(&job.ticket);
    ph_print_fact(stdout, "SHA-256", job.sha256);
    return PH_OK;
}

int
ph_cmd_show(const struct ph_command_line *line)
{
    struct ph_control_request request = {.op = PH_CONTROL_SHOW};
    struct ph_why why;

    if (ph_client_name_job(&request, line->args[0], &why) != PH_OK) {
        ph_command_complain(&why);
        return PH_EXIT_USAGE;
    }
    return ph_command_exit_code(ph_command_ask(line, &request, on_item));
}
