/* Unit tests of cli/bundle: what may be told, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/utsname.h>

#include <cmocka.h>

#include "bundle.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define MARK "Kuendigung"

static void
fill(char *text, size_t cap)
{
    (void)snprintf(text, cap, "%s", MARK);
}

/* A picture in which everything that is text is somebody's secret. */
static void
fill_doctor(struct ph_doctor *doctor)
{
    struct ph_control_status *status = &doctor->status;
    char *const texts[] = {status->spool_text,   status->catalogue_text,
                           status->audit_text,   status->owner_text,
                           status->cups_text,    status->cloud_text,
                           status->sleep_text,   status->cloud_refused_text,
                           status->policy_text,  status->identity_text,
                           status->release_text, status->cloud_dropped_text};

    memset(doctor, 0, sizeof(*doctor));
    doctor->root = "/nonexistent";
    ph_config_init(&doctor->config);
    for (size_t i = 0; i < PH_COUNT(texts); i++)
        fill(texts[i], PH_WHY_MAX);
    fill(status->workstation, PH_CONTROL_TEXT_MAX);
    fill(status->host, PH_CONTROL_HOST_MAX);
    fill(status->addresses[0].address, PH_CONTROL_TEXT_MAX);
    fill(status->addresses[0].interface, PH_CONTROL_TEXT_MAX);
    status->address_count = 1;
    status->held = 4711;
    (void)snprintf(status->cloud, PH_CONTROL_TEXT_MAX, "connecting");
    (void)snprintf(status->release, PH_CONTROL_TEXT_MAX, "on");
    fill(doctor->queues[0].name, sizeof(doctor->queues[0].name));
    fill(doctor->queues[0].model, sizeof(doctor->queues[0].model));
    fill(doctor->queues[0].policy, sizeof(doctor->queues[0].policy));
    fill(doctor->queues[0].message, sizeof(doctor->queues[0].message));
    doctor->queue_count = 1;
    fill(doctor->config_why.text, PH_WHY_MAX);
    fill(doctor->agent_why.text, PH_WHY_MAX);
    fill(doctor->cups_why.text, PH_WHY_MAX);
}

/* Takes the document. */
static void
expect_clean(json_t *document, const char *part)
{
    struct ph_buf buf;
    const char *text;

    ph_buf_init(&buf, 1024 * 1024);
    assert_int_equal(ph_json_put(document, &buf), PH_OK);
    text = ph_buf_str(&buf);
    if (strstr(text, MARK) != NULL)
        fail_msg("it says too much: %s", text);
    if (strstr(text, part) == NULL)
        fail_msg("no %s in %s", part, text);
    ph_buf_close(&buf);
    json_decref(document);
}

static void
states_and_findings_have_no_words_of_others(void **state)
{
    struct ph_doctor *doctor = malloc(sizeof(*doctor));

    (void)state;
    assert_non_null(doctor);
    fill_doctor(doctor);
    expect_clean(ph_bundle_status(doctor), "4711");
    expect_clean(ph_bundle_doctor(doctor),
                 "\"queue-policy\",\"level\":\"problem\"");
    doctor->agent_err = doctor->cups_err = doctor->config_err = PH_ERR_CONFIG;
    expect_clean(ph_bundle_status(doctor), "\"config\"");
    expect_clean(ph_bundle_doctor(doctor), "\"service\",\"level\":\"problem\"");
    expect_clean(ph_bundle_system(doctor), PRINTHOLD_VERSION);
    free(doctor);
}

static void
of_the_system_everything_but_its_name_is_told(void **state)
{
    const struct ph_doctor doctor = {.root = "/nonexistent"};
    json_t *system = ph_bundle_system(&doctor), *value;
    struct utsname name;
    const char *key;

    (void)state;
    assert_int_equal(uname(&name), 0);
    assert_string_equal(json_string_value(json_object_get(system, "kernel")),
                        name.release);
    json_object_foreach(system, key, value)
    {
        if (strcmp(json_string_value(value), name.nodename) == 0)
            fail_msg("%s is the computer's name", key);
    }
    json_decref(system);
}

static void
of_a_setting_that_is_text_only_whether_it_is_set_is_told(void **state)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);
    struct ph_config_origin *origins = calloc(count, sizeof(*origins));
    struct ph_config config;

    (void)state;
    assert_non_null(origins);
    ph_config_init(&config);
    for (size_t i = 0; i < count; i++) {
        const enum ph_config_kind kind = table[i].kind;

        (void)snprintf(origins[i].file, sizeof(origins[i].file), MARK ".conf");
        if (kind != PH_CONFIG_NUMBER && kind != PH_CONFIG_SIZE &&
            kind != PH_CONFIG_DURATION && kind != PH_CONFIG_CHOICE)
            fill((char *)&config + table[i].offset, PH_CONFIG_TEXT_MAX);
    }
    expect_clean(ph_bundle_settings(&config, origins), "(set)");
    expect_clean(ph_bundle_settings(&config, origins), "\"24h\"");
    free(origins);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_and_findings_have_no_words_of_others),
        cmocka_unit_test(of_the_system_everything_but_its_name_is_told),
        cmocka_unit_test(
            of_a_setting_that_is_text_only_whether_it_is_set_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
