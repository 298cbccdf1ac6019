/* printhold-hub printer ... and workstation ... */
#include "command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "enrol.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

static json_t *
device_json(const struct hub_device *device)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:I, s:o}", "id", device->id,
        "name", device->name, "group", device->group, "model", device->model,
        "type", device->type, "revoked", (int)device->is_revoked, "elsewhere",
        (int)device->is_elsewhere, "copy-noticed",
        hub_json_time(device->flagged_ms), "generation",
        (json_int_t)device->generation, "made", hub_json_time(device->made_ms));
}

static void
print_device(const struct hub_device *device)
{
    (void)printf(
        "%-32s %-24s %-16s %s%s%s\n", device->id, device->name, device->group,
        device->generation == 0 && !device->is_elsewhere ? "not enrolled " : "",
        device->is_revoked ? "revoked " : "",
        device->flagged_ms != 0 ? "copy noticed" : "");
}

/* --- lists --- */

static int
list_one(const struct hub_device *device, void *arg)
{
    if (arg == NULL)
        print_device(device);
    else if (json_array_append_new(arg, device_json(device)) != 0)
        return PH_ERR_NOMEM;
    return PH_OK;
}

static int
list_printers(struct hub_command *command, void *arg)
{
    return hub_device_each(command->hub->store, PH_IDENTITY_PRINTER, list_one,
                           arg);
}

static int
list_workstations(struct hub_command *command, void *arg)
{
    return hub_device_each(command->hub->store, PH_IDENTITY_WORKSTATION,
                           list_one, arg);
}

static int
list(struct hub_command *command,
     int (*fn)(struct hub_command *command, void *arg))
{
    return hub_command_list(command, fn);
}

int
hub_cmd_printer_list(struct hub_command *command)
{
    return list(command, list_printers);
}

int
hub_cmd_workstation_list(struct hub_command *command)
{
    return list(command, list_workstations);
}

/* --- one device --- */

struct shown {
    struct hub_device device;
    struct hub_certificate cert;
    bool has_cert;
    json_t *people;
};

static int
add_person(const char *login, const char *how, void *arg)
{
    return json_array_append_new(
               arg, json_pack("{s:s, s:s}", "login", login, "how", how)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

/* A printer is no workstation, whatever its id. */
static int
get(struct hub_command *command, enum ph_identity_kind kind,
    struct hub_device *out_device)
{
    struct hub_device device;
    int err = command->word != NULL
                  ? hub_device_get(command->hub->store, command->word, &device)
                  : PH_ERR_INVALID;

    if (err == PH_ERR_INVALID)
        return ph_why_fail(command->why, err, "the id of a device is needed");
    if (err == PH_OK && device.kind != kind)
        err = PH_ERR_NOT_FOUND;
    if (err == PH_OK)
        *out_device = device;
    return err;
}

static int
get_all(struct hub_command *command, enum ph_identity_kind kind,
        struct shown *shown)
{
    struct hub_store *store = command->hub->store;
    int err = get(command, kind, &shown->device);

    if (err == PH_OK)
        err = hub_certificate_newest(store, shown->device.id, &shown->cert);
    shown->has_cert = err == PH_OK;
    if (err == PH_ERR_NOT_FOUND && shown->device.id[0] != '\0')
        err = PH_OK;
    shown->people = json_array();
    if (err == PH_OK)
        err = hub_binding_each(store, shown->device.id, add_person,
                               shown->people);
    return err;
}

static int
do_show_printer(struct hub_command *command, void *arg)
{
    return get_all(command, PH_IDENTITY_PRINTER, arg);
}

static int
do_show_workstation(struct hub_command *command, void *arg)
{
    return get_all(command, PH_IDENTITY_WORKSTATION, arg);
}

static json_t *
shown_json(struct shown *shown)
{
    json_t *root = device_json(&shown->device);

    if (shown->has_cert)
        (void)json_object_set_new(
            root, "certificate",
            json_pack("{s:s, s:s, s:o, s:o, s:o}", "serial", shown->cert.serial,
                      "thumbprint", shown->cert.thumbprint, "issued",
                      hub_json_time(shown->cert.issued_ms), "not-after",
                      hub_json_time(shown->cert.not_after_ms), "seen",
                      hub_json_time(shown->cert.seen_ms)));
    if (shown->device.kind == PH_IDENTITY_WORKSTATION)
        (void)json_object_set(root, "people", shown->people);
    return root;
}

static void
print_shown(const struct shown *shown)
{
    char over[PH_TIME_TEXT];
    const json_t *each;
    size_t i;

    print_device(&shown->device);
    if (shown->has_cert) {
        ph_clock_format(shown->cert.not_after_ms, over);
        (void)printf("  certificate %s until %s\n", shown->cert.serial, over);
    }
    json_array_foreach(shown->people, i, each)(void)
        printf("  %s (%s)\n", json_string_value(json_object_get(each, "login")),
               json_string_value(json_object_get(each, "how")));
}

static int
show(struct hub_command *command,
     int (*fn)(struct hub_command *command, void *arg))
{
    struct shown shown = {.has_cert = false};
    int err = hub_command_do(command, fn, &shown, NULL);

    if (err == PH_OK && command->json)
        err = hub_command_print(shown_json(&shown));
    else if (err == PH_OK)
        print_shown(&shown);
    json_decref(shown.people);
    return err;
}

int
hub_cmd_printer_show(struct hub_command *command)
{
    return show(command, do_show_printer);
}

int
hub_cmd_workstation_show(struct hub_command *command)
{
    return show(command, do_show_workstation);
}

/* --- changing --- */

static int
take_options(struct hub_command *command, struct hub_device *device)
{
    const char *name = hub_command_value(command, HUB_OPTION_NAME, NULL);
    const char *group = hub_command_value(command, HUB_OPTION_GROUP, NULL);
    const char *model = hub_command_value(command, HUB_OPTION_MODEL, NULL);
    const char *type = hub_command_value(command, HUB_OPTION_TYPE, NULL);
    int err = PH_OK;

    if (name != NULL)
        err = hub_command_text(command, "a name", name, device->name,
                               sizeof(device->name));
    if (err == PH_OK && group != NULL)
        err = hub_command_id(command, "a group", group, device->group);
    if (err == PH_OK && model != NULL)
        err = hub_command_text(command, "a model", model, device->model,
                               sizeof(device->model));
    if (err == PH_OK && type != NULL)
        err = hub_command_text(command, "a type", type, device->type,
                               sizeof(device->type));
    return err;
}

static int
set(struct hub_command *command, enum ph_identity_kind kind)
{
    struct hub_device device;
    int err = get(command, kind, &device);

    if (err == PH_OK)
        err = take_options(command, &device);
    return err == PH_OK ? hub_device_set(command->hub->store, &device) : err;
}

static int
do_set_printer(struct hub_command *command, void *arg)
{
    (void)arg;
    return set(command, PH_IDENTITY_PRINTER);
}

static int
do_set_workstation(struct hub_command *command, void *arg)
{
    (void)arg;
    return set(command, PH_IDENTITY_WORKSTATION);
}

static int
revoke_device(struct hub_command *command, enum ph_identity_kind kind)
{
    struct hub_device device;
    int err = get(command, kind, &device);

    return err == PH_OK ? hub_revoke(command->hub, device.id) : err;
}

static int
do_revoke_printer(struct hub_command *command, void *arg)
{
    (void)arg;
    return revoke_device(command, PH_IDENTITY_PRINTER);
}

static int
do_revoke_workstation(struct hub_command *command, void *arg)
{
    (void)arg;
    return revoke_device(command, PH_IDENTITY_WORKSTATION);
}

static int
change(struct hub_command *command, const char *what,
       int (*fn)(struct hub_command *command, void *arg))
{
    const struct hub_act act = {.act = what,
                                .object =
                                    command->word != NULL ? command->word : "",
                                .detail = ""};

    return hub_command_do(command, fn, NULL, &act);
}

int
hub_cmd_printer_set(struct hub_command *command)
{
    return change(command, "printer.set", do_set_printer);
}

int
hub_cmd_printer_revoke(struct hub_command *command)
{
    return change(command, "printer.revoke", do_revoke_printer);
}

int
hub_cmd_workstation_set(struct hub_command *command)
{
    return change(command, "workstation.set", do_set_workstation);
}

int
hub_cmd_workstation_revoke(struct hub_command *command)
{
    return change(command, "workstation.revoke", do_revoke_workstation);
}

/* --- adding --- */

static int
do_add(struct hub_command *command, void *arg)
{
    return hub_device_add(command->hub->store, arg);
}

/* A printer that has a certificate of another authority. */
static int
read_certificate(struct hub_command *command, const char *path,
                 enum ph_identity_kind kind, struct hub_device *device)
{
    const struct hub *hub = command->hub;
    const char *ca_file = hub->config->device_ca_file;
    struct ph_cert_facts facts;
    struct ph_buf pem, other;
    int err = ph_io_read_file(AT_FDCWD, path, PH_CA_FILE_MAX, &pem);

    if (err != PH_OK)
        return ph_why_fail(command->why, err, "cannot read %s: %s", path,
                           ph_err_text(err));
    if (ca_file[0] == '\0') {
        err = ph_cert_read(&pem, &hub->chain, &facts, command->why);
    } else {
        err = ph_io_read_file(AT_FDCWD, ca_file, PH_CA_FILE_MAX, &other);
        if (err == PH_OK) {
            err = ph_cert_read(&pem, &other, &facts, command->why);
            ph_buf_close(&other);
        } else {
            ph_why_set(command->why, "cannot read %s: %s", ca_file,
                       ph_err_text(err));
        }
    }
    ph_buf_close(&pem);
    if (err != PH_OK)
        return err;
    if (facts.identity.kind != kind ||
        strcmp(facts.identity.tenant, hub->tenant.tenant) != 0 ||
        strcmp(facts.identity.id, HUB_SERVICE_ID) == 0)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "the certificate is of another kind of device or of "
                           "another tenant");
    (void)snprintf(device->id, sizeof(device->id), "%s", facts.identity.id);
    device->is_elsewhere = true;
    return PH_OK;
}

static int
add(struct hub_command *command, enum ph_identity_kind kind, const char *prefix,
    const char *what)
{
    const char *cert = hub_command_value(command, HUB_OPTION_CERT, NULL);
    struct hub_device device = {.kind = kind, .made_ms = ph_clock_wall_ms()};
    const struct hub_act act = {.act = what,
                                .object = device.id,
                                .detail =
                                    cert != NULL ? "of another authority" : ""};
    int err;

    if ((cert == NULL) == (command->word == NULL))
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "needs an id, or --cert with a certificate");
    if (cert != NULL)
        err = read_certificate(command, cert, kind, &device);
    else
        err = hub_command_id(command, "an id", command->word, device.id);
    if (err == PH_OK && cert == NULL && strncmp(device.id, prefix, 3) != 0)
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "an id of this kind begins with %s", prefix);
    if (err == PH_OK)
        err = take_options(command, &device);
    if (err == PH_OK)
        err = hub_command_do(command, do_add, &device, &act);
    if (err == PH_OK && command->json)
        return hub_command_print(device_json(&device));
    if (err == PH_OK)
        print_device(&device);
    return err;
}

int
hub_cmd_printer_add(struct hub_command *command)
{
    return add(command, PH_IDENTITY_PRINTER, "pr-", "printer.add");
}

int
hub_cmd_workstation_add(struct hub_command *command)
{
    return add(command, PH_IDENTITY_WORKSTATION, "ws-", "workstation.add");
}

/* --- whose workstation --- */

static int
do_bind(struct hub_command *command, void *arg)
{
    struct hub_device device;
    struct hub_person person;
    int err = get(command, PH_IDENTITY_WORKSTATION, &device);

    if (err == PH_OK) {
        err = hub_person_get(command->hub->store, arg, &person);
        if (err == PH_ERR_NOT_FOUND)
            ph_why_set(command->why, "there is no person %s", (char *)arg);
    }
    if (err == PH_OK)
        err = hub_binding_add(command->hub->store, device.id, person.login,
                              "administrator", ph_clock_wall_ms());
    return err;
}

static int
do_unbind(struct hub_command *command, void *arg)
{
    struct hub_device device;
    int err = get(command, PH_IDENTITY_WORKSTATION, &device);

    if (err == PH_OK)
        err = hub_binding_remove(command->hub->store, device.id, arg);
    return err;
}

static int
change_binding(struct hub_command *command, const char *what,
               int (*fn)(struct hub_command *command, void *arg))
{
    char login[PH_LOGIN_MAX];
    const struct hub_act act = {.act = what,
                                .object =
                                    command->word != NULL ? command->word : "",
                                .detail = login};
    int err = hub_command_login(command, command->more, login);

    return err == PH_OK ? hub_command_do(command, fn, login, &act) : err;
}

int
hub_cmd_workstation_bind(struct hub_command *command)
{
    return change_binding(command, "workstation.bind", do_bind);
}

int
hub_cmd_workstation_unbind(struct hub_command *command)
{
    return change_binding(command, "workstation.unbind", do_unbind);
}
