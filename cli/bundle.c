#include "bundle.h"

#include <stdio.h>
#include <string.h>

#include <sys/utsname.h>

#include "printhold/base/err.h"

/* Checks whose text has only words, versions and paths of our own. Paths and
 * names that a site has chosen may say who it is. */
static const char *const plain_checks[] = {
    "version",  "files", "backend", "confinement",
    "apparmor", "key",   "clock",   "units",
};

static bool
is_plain(const char *name)
{
    for (size_t i = 0; i < PH_COUNT(plain_checks); i++)
        if (strcmp(plain_checks[i], name) == 0)
            return true;
    return false;
}

json_t *
ph_bundle_doctor(const struct ph_doctor *doctor)
{
    enum ph_doctor_level worst;
    json_t *all = ph_doctor_json(doctor, &worst), *one;
    size_t i;

    json_array_foreach(json_object_get(all, "checks"), i, one)
    {
        if (is_plain(json_string_value(json_object_get(one, "check"))))
            continue;
        (void)json_object_del(one, "text");
        (void)json_object_del(one, "remedy");
    }
    return all;
}

#define NUMBER(member)                                      \
    {                                                       \
#member, offsetof(struct ph_control_status, member) \
    }

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    NUMBER(uptime_s),
    NUMBER(held),
    NUMBER(claimed),
    NUMBER(unmapped),
    NUMBER(spool_bytes),
    NUMBER(spool_bytes_max),
    NUMBER(cups_waiting),
    NUMBER(outbox_events),
    NUMBER(outbox_documents),
    NUMBER(outbox_parked_events),
    NUMBER(outbox_parked_documents),
    NUMBER(outbox_dropped),
    NUMBER(cloud_since_ms),
    NUMBER(cloud_published),
    NUMBER(cloud_refused),
    NUMBER(cloud_refused_since_ms),
    NUMBER(cloud_taken),
    NUMBER(cloud_dropped),
    NUMBER(policy_version),
    NUMBER(policy_ws_version),
    NUMBER(renewal_wanted_ms),
    NUMBER(release_port),
    NUMBER(release_connections),
    NUMBER(release_pulls),
    NUMBER(release_refused),
    NUMBER(release_denied),
};

/* Words of the agent's own. */
static const struct {
    const char *name;
    size_t offset;
} words[] = {
    NUMBER(version), NUMBER(health),   NUMBER(key_level), NUMBER(cloud),
    NUMBER(release), NUMBER(presence), NUMBER(identity),
};

json_t *
ph_bundle_status(const struct ph_doctor *doctor)
{
    const char *status = (const char *)&doctor->status;
    json_t *root = json_object();
    int64_t number;

    if (doctor->agent_err != PH_OK) {
        (void)json_object_set_new(
            root, "error", json_string(ph_err_keyword(doctor->agent_err)));
        return root;
    }
    for (size_t i = 0; i < PH_COUNT(numbers); i++) {
        memcpy(&number, status + numbers[i].offset, sizeof(number));
        (void)json_object_set_new(root, numbers[i].name, json_integer(number));
    }
    for (size_t i = 0; i < PH_COUNT(words); i++)
        (void)json_object_set_new(root, words[i].name,
                                  json_string(status + words[i].offset));
    (void)json_object_set_new(
        root, "addresses",
        json_integer((json_int_t)doctor->status.address_count));
    return root;
}

/* May the value itself be told? */
static bool
is_harmless(enum ph_config_kind kind)
{
    return kind == PH_CONFIG_NUMBER || kind == PH_CONFIG_SIZE ||
           kind == PH_CONFIG_DURATION || kind == PH_CONFIG_CHOICE;
}

json_t *
ph_bundle_settings(const struct ph_config *config,
                   const struct ph_config_origin *origins)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);
    json_t *root = json_array();
    char value[PH_CONFIG_TEXT_MAX];

    for (size_t i = 0; i < count; i++) {
        const bool set = origins[i].file[0] != '\0';

        ph_config_format(config, &table[i], value, sizeof(value));
        if (!is_harmless(table[i].kind))
            (void)snprintf(value, sizeof(value), "%s",
                           set ? "(set)" : "(default)");
        (void)json_array_append_new(
            root,
            json_pack("{s:s, s:s, s:s, s:b, s:i}", "section", table[i].section,
                      "key", table[i].key, "value", value, "set", (int)set,
                      "line", (int)origins[i].line));
    }
    return root;
}

/* ID and VERSION_ID of os-release, without their quotes. */
static void
put_os(const struct ph_doctor *doctor, json_t *root)
{
    static const char *const keys[] = {"ID", "VERSION_ID"};
    char text[8192], value[64], *line, *place = NULL;

    if (ph_doctor_read(doctor, "/etc/os-release", text, sizeof(text)) != PH_OK)
        return;
    for (line = strtok_r(text, "\n", &place); line != NULL;
         line = strtok_r(NULL, "\n", &place)) {
        for (size_t i = 0; i < PH_COUNT(keys); i++) {
            const size_t len = strlen(keys[i]);

            if (strncmp(line, keys[i], len) != 0 || line[len] != '=' ||
                sscanf(line + len + 1, "%*[\"]%63[a-z0-9.]", value) +
                        sscanf(line + len + 1, "%63[a-z0-9.]", value) <
                    1)
                continue;
            (void)json_object_set_new(root, keys[i], json_string(value));
        }
    }
}

json_t *
ph_bundle_system(const struct ph_doctor *doctor)
{
    struct utsname name; /* but never its nodename */
    json_t *root = json_object();

    (void)json_object_set_new(root, "program", json_string(PRINTHOLD_VERSION));
    if (uname(&name) == 0) {
        (void)json_object_set_new(root, "system", json_string(name.sysname));
        (void)json_object_set_new(root, "kernel", json_string(name.release));
        (void)json_object_set_new(root, "machine", json_string(name.machine));
    }
    put_os(doctor, root);
    return root;
}
