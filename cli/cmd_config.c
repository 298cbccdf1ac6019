#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <unistd.h>

#include "command.h"
#include "printhold/base/err.h"
#include "printhold/model/config.h"
#include "printhold/model/owner_map.h"
#include "printhold/proto/json.h"

/* As a file would have it, so that it can be edited and used. */
static void
show_ini(const struct ph_config *config)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);
    char value[PH_CONFIG_TEXT_MAX];

    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(table[i - 1].section, table[i].section) != 0)
            (void)printf("%s[%s]\n", i == 0 ? "" : "\n", table[i].section);
        ph_config_format(config, &table[i], value, sizeof(value));
        (void)printf("%s = %s\n", table[i].key, value);
    }
}

/* {"agent": {"state_dir": "..."}, ...}; every value is text. */
static int
show_json(const struct ph_config *config)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);
    json_t *root = json_object();
    char value[PH_CONFIG_TEXT_MAX];
    int err = PH_OK;

    for (size_t i = 0; i < count && err == PH_OK; i++) {
        json_t *section = json_object_get(root, table[i].section);

        if (section == NULL) {
            section = json_object();
            if (json_object_set_new(root, table[i].section, section) != 0)
                err = PH_ERR_NOMEM;
        }
        ph_config_format(config, &table[i], value, sizeof(value));
        if (err == PH_OK &&
            json_object_set_new(section, table[i].key, json_string(value)) != 0)
            err = PH_ERR_NOMEM;
    }
    if (err == PH_OK && json_dumpf(root, stdout, JSON_INDENT(2)) != 0)
        err = PH_ERR_IO;
    (void)fputc('\n', stdout);
    json_decref(root);
    return err;
}

/* The files that the configuration names and that people write by hand. */
static int
check_map(const struct ph_config *config)
{
    const char *path = config->owner_map_file;
    struct ph_owner_map *map = NULL;
    struct ph_why why;
    struct stat st;
    int err;

    if (path[0] == '\0')
        return PH_OK;
    if (access(path, R_OK) != 0 && errno == EACCES) {
        (void)printf("%s was not checked: you may not read it.\n", path);
        return PH_OK;
    }
    err = ph_owner_map_load(path, &map, &st, &why);
    if (err != PH_OK)
        ph_command_complain(&why);
    ph_owner_map_free(map);
    return err;
}

int
ph_cmd_config(const struct ph_command_line *line)
{
    bool check = strcmp(line->args[0], "check") == 0;
    struct ph_config config;
    struct ph_why why;
    int err = PH_OK;

    if (!check && strcmp(line->args[0], "show") != 0) {
        ph_why_set(&why, "usage: printhold config %s",
                   line->command->arguments);
        ph_command_complain(&why);
        return PH_EXIT_USAGE;
    }
    if (ph_config_load(NULL, &config, &why) != PH_OK) {
        ph_command_complain(&why);
        return PH_EXIT_FAILURE;
    }
    if (check)
        err = check_map(&config);
    if (check && err == PH_OK)
        (void)puts("The configuration is valid.");
    else if (!check && (line->options & PH_OPTION_JSON) != 0)
        err = show_json(&config);
    else if (!check)
        show_ini(&config);
    return err == PH_OK ? PH_EXIT_OK : PH_EXIT_FAILURE;
}
