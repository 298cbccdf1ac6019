#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "doctor.h"
#include "print.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/net/enrolled.h"
#include "printhold/proto/json.h"

static const char *const words[] = {"", "ok", "warning", "problem"};

static int
on_status(const void *body, size_t len, void *arg)
{
    return ph_control_status_parse(body, len, arg);
}

static void
ask_agent(struct ph_doctor *doctor)
{
    const struct ph_control_request request = {.op = PH_CONTROL_STATUS};
    struct ph_client client;

    doctor->agent_err = ph_client_open(&client, &doctor->agent_why);
    if (doctor->agent_err != PH_OK)
        return;
    doctor->agent_err = ph_client_ask(&client, &request, on_status,
                                      &doctor->status, &doctor->agent_why);
    ph_client_close(&client);
}

/* What came with the enrolment, where the settings say nothing; root may read
 * it, others do without. */
static void
ask_enrolment(struct ph_doctor *doctor)
{
    struct ph_config *config = &doctor->config;
    struct ph_enrolled enrolled;
    struct ph_why why;

    if (config->cert_file[0] != '\0' ||
        ph_enrolled_look(config->state_dir, &enrolled, &why) != PH_OK)
        return;
    if (config->cloud_url[0] == '\0')
        (void)snprintf(config->cloud_url, sizeof(config->cloud_url), "%s",
                       enrolled.broker);
    if (config->ca_file[0] == '\0')
        (void)snprintf(config->ca_file, sizeof(config->ca_file), "%s",
                       enrolled.ca_file);
}

void
ph_doctor_ask(struct ph_doctor *doctor)
{
    memset(doctor, 0, sizeof(*doctor));
    doctor->root = "";
    doctor->now_ms = ph_clock_wall_ms();
    ph_config_init(&doctor->config);
    doctor->config_err =
        ph_config_load(NULL, &doctor->config, &doctor->config_why);
    ask_agent(doctor);
    ask_enrolment(doctor);
    ph_doctor_ask_cups(doctor);
}

static void
print_finding(const struct ph_doctor_check *check,
              const struct ph_doctor_finding *finding)
{
    ph_print_cell(stdout, words[finding->level], 7);
    ph_print_fact(stdout, check->title, finding->text.text);
    if (finding->remedy.text[0] == '\0')
        return;
    (void)fputs("           what helps: ", stdout);
    (void)ph_print_text(stdout, finding->remedy.text, 0);
    (void)fputc('\n', stdout);
}

json_t *
ph_doctor_json(const struct ph_doctor *doctor, enum ph_doctor_level *out_worst)
{
    size_t count;
    const struct ph_doctor_check *table = ph_doctor_table(&count);
    enum ph_doctor_level worst = PH_DOCTOR_OK;
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        struct ph_doctor_finding finding = {.level = PH_DOCTOR_NOTHING};
        json_t *one;

        table[i].judge(doctor, &finding);
        if (finding.level == PH_DOCTOR_NOTHING)
            continue;
        worst = finding.level > worst ? finding.level : worst;
        one = json_pack("{s:s, s:s, s:s, s:s}", "check", table[i].name, "level",
                        words[finding.level], "text", finding.text.text,
                        "remedy", finding.remedy.text);
        (void)json_array_append_new(list, one);
    }
    *out_worst = worst;
    return json_pack("{s:i, s:s, s:s, s:o}", "version", 1, "program",
                     PRINTHOLD_VERSION, "result", words[worst], "checks", list);
}

static enum ph_doctor_level
show_json(const struct ph_doctor *doctor)
{
    enum ph_doctor_level worst;
    json_t *root = ph_doctor_json(doctor, &worst);

    (void)json_dumpf(root, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
    json_decref(root);
    return worst;
}

static enum ph_doctor_level
show_lines(const struct ph_doctor *doctor)
{
    size_t count;
    const struct ph_doctor_check *table = ph_doctor_table(&count);
    enum ph_doctor_level worst = PH_DOCTOR_OK;

    for (size_t i = 0; i < count; i++) {
        struct ph_doctor_finding finding = {.level = PH_DOCTOR_NOTHING};

        table[i].judge(doctor, &finding);
        if (finding.level != PH_DOCTOR_NOTHING)
            print_finding(&table[i], &finding);
        worst = finding.level > worst ? finding.level : worst;
    }
    return worst;
}

/* 0, 1 or 2, for device management. */
int
ph_cmd_doctor(const struct ph_command_line *line)
{
    struct ph_doctor *doctor = malloc(sizeof(*doctor));
    enum ph_doctor_level worst;

    if (doctor == NULL)
        return PH_DOCTOR_PROBLEM - PH_DOCTOR_OK;
    ph_doctor_ask(doctor);
    worst = (line->options & PH_OPTION_JSON) != 0 ? show_json(doctor)
                                                  : show_lines(doctor);
    free(doctor);
    return (int)worst - (int)PH_DOCTOR_OK;
}
