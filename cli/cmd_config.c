#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config_check.h"
#include "printhold/base/err.h"
#include "printhold/model/config.h"
#include "printhold/proto/json.h"

/* What is shown. */
struct view {
    struct ph_config config;
    struct ph_config_origin *origins; /* NULL: they are not */
};

/* A comment, so that the output stays a file that can be used. */
static void
show_origin(const struct view *view, size_t setting)
{
    const struct ph_config_origin *origin = &view->origins[setting];

    if (origin->file[0] == '\0')
        (void)puts("# default");
    else if (origin->line == 0) /* PH_CONFIG_MANAGED */
        (void)printf("# %s\n", origin->file);
    else
        (void)printf("# %s:%u\n", origin->file, origin->line);
}

/* As a file would have it, so that it can be edited and used. */
static int
show_ini(const struct view *view)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);
    char value[PH_CONFIG_TEXT_MAX];

    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(table[i - 1].section, table[i].section) != 0)
            (void)printf("%s[%s]\n", i == 0 ? "" : "\n", table[i].section);
        if (view->origins != NULL)
            show_origin(view, i);
        ph_config_format(&view->config, &table[i], value, sizeof(value));
        (void)printf("%s = %s\n", table[i].key, value);
    }
    return PH_OK;
}

/* "value", or with where it comes from and what it is:
 * {"value": "...", "help": "...", "origin": "file", "file": "...", "line": 3};
 * of the origins "default" and "managed" that is all.
 */
static json_t *
setting_json(const struct view *view, const char *value, size_t setting)
{
    size_t count;
    const char *help = ph_config_table(&count)[setting].help;
    const struct ph_config_origin *origin;

    if (view->origins == NULL)
        return json_string(value);
    origin = &view->origins[setting];
    if (origin->line == 0)
        return json_pack("{s:s, s:s, s:s}", "value", value, "help", help,
                         "origin",
                         origin->file[0] == '\0' ? "default" : "managed");
    return json_pack("{s:s, s:s, s:s, s:s, s:i}", "value", value, "help", help,
                     "origin", "file", "file", origin->file, "line",
                     (int)origin->line);
}

/* {"agent": {"state_dir": "..."}, ...}; every value is text. */
static int
show_json(const struct view *view)
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
        ph_config_format(&view->config, &table[i], value, sizeof(value));
        if (err == PH_OK &&
            json_object_set_new(section, table[i].key,
                                setting_json(view, value, i)) != 0)
            err = PH_ERR_NOMEM;
    }
    if (err == PH_OK && json_dumpf(root, stdout, JSON_INDENT(2)) != 0)
        err = PH_ERR_IO;
    (void)fputc('\n', stdout);
    json_decref(root);
    return err;
}

static int
show(const struct ph_command_line *line)
{
    struct view view = {.origins = NULL};
    struct ph_config_notes notes = {NULL, NULL};
    struct ph_why why;
    size_t count;
    int err = PH_OK;

    (void)ph_config_table(&count);
    if ((line->options & PH_OPTION_ORIGIN) != 0) {
        view.origins = calloc(count, sizeof(*view.origins));
        if (view.origins == NULL) {
            ph_why_set(&why, "%s", ph_err_text(PH_ERR_NOMEM));
            err = PH_ERR_NOMEM;
        }
    }
    notes.origins = view.origins;
    if (err == PH_OK)
        err = ph_config_load_noting(NULL, &view.config, &notes, &why);
    if (err != PH_OK)
        ph_command_complain(&why);
    else
        err = (line->options & PH_OPTION_JSON) != 0 ? show_json(&view)
                                                    : show_ini(&view);
    free(view.origins);
    return err;
}

int
ph_cmd_config(const struct ph_command_line *line)
{
    struct ph_why why;
    int err;

    if (strcmp(line->args[0], "show") == 0) {
        err = show(line);
    } else if (strcmp(line->args[0], "check") == 0 &&
               (line->options & PH_OPTION_ORIGIN) == 0) {
        err = ph_config_check((line->options & PH_OPTION_JSON) != 0);
    } else {
        ph_why_set(&why, "usage: printhold config %s",
                   line->command->arguments);
        ph_command_complain(&why);
        return PH_EXIT_USAGE;
    }
    return err == PH_OK ? PH_EXIT_OK : PH_EXIT_FAILURE;
}
