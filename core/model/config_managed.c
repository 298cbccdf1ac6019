#include "printhold/model/config_managed.h"

#include <stdio.h>
#include <string.h>

#include "config_value.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

/* What the backend reads; a key of NULL is the whole section. */
static const struct {
    const char *section, *key;
} of_backend[] = {
    {"backend", NULL},           {"agent", "capture_socket"},
    {"agent", "agent_user"},     {"jobs", "job_size_max"},
    {"jobs", "capture_timeout"},
};

static bool
is_of_backend(const struct ph_managed_value *value)
{
    for (size_t i = 0; i < PH_COUNT(of_backend); i++) {
        if (strcmp(of_backend[i].section, value->section) == 0 &&
            (of_backend[i].key == NULL ||
             strcmp(of_backend[i].key, value->key) == 0))
            return true;
    }
    return false;
}

static int PH_PRINTF(4, 5) fail(const struct ph_managed_value *value,
                                const struct ph_config_notes *notes,
                                struct ph_why *why, const char *fmt, ...)
{
    struct ph_why what, whole;
    va_list args;

    va_start(args, fmt);
    ph_why_vset(&what, fmt, args);
    va_end(args);
    ph_why_set(&whole, "%s: %.40s%s%.40s: %s", PH_CONFIG_MANAGED,
               value->section, value->key != NULL ? "." : "",
               value->key != NULL ? value->key : "", what.text);
    if (notes != NULL && notes->findings != NULL) {
        ph_findings_add(notes->findings, PH_CONFIG_MANAGED, 0, &whole);
        return PH_OK;
    }
    return ph_why_fail(why, PH_ERR_CONFIG, "%s", whole.text);
}

/* The text as a file would have it, or NULL when it could not. */
static const char *
clean_text(const char *text, char dst[PH_CONFIG_LINE_MAX + 1])
{
    if (text == NULL || strlen(text) > PH_CONFIG_LINE_MAX)
        return NULL;
    ph_utf8_clean(text, dst, PH_CONFIG_LINE_MAX + 1);
    return strcmp(text, dst) == 0 ? ph_config_trim(dst) : NULL;
}

int
ph_managed_take(struct ph_config *config, const struct ph_managed_value *value,
                const struct ph_config_notes *notes, struct ph_why *why)
{
    const struct ph_config_form form = ph_config_own_form();
    struct ph_config_origin *origin;
    char line[PH_CONFIG_LINE_MAX + 1], allowed[96];
    const char *text;
    size_t at;

    if (value->key == NULL)
        return fail(value, notes, why,
                    "must be a dictionary of settings; see %s", form.page);
    at = ph_config_find(&form, value->section, value->key);
    if (at == form.count)
        return fail(value, notes, why, "there is no such setting; see %s",
                    form.page);
    if (is_of_backend(value))
        return fail(value, notes, why,
                    "the CUPS backend reads it, and reads files only; set it "
                    "in %s/conf.d",
                    PH_CONFIG_DIR);
    text = clean_text(value->text, line);
    if (text == NULL ||
        ph_config_set_value(config, &form.table[at], text) != PH_OK) {
        ph_config_describe(&form.table[at], allowed, sizeof(allowed));
        return fail(value, notes, why, "'%.40s' must be %s; see %s",
                    value->text != NULL ? value->text : "(no text)", allowed,
                    form.page);
    }
    if (notes != NULL && notes->origins != NULL) {
        origin = &notes->origins[at];
        (void)snprintf(origin->file, sizeof(origin->file), PH_CONFIG_MANAGED);
        origin->line = 0;
    }
    return PH_OK;
}

/* --- all of them --- */

struct taking {
    struct ph_config *config;
    const struct ph_config_notes *notes;
    struct ph_why *why;
};

static int
on_value(const struct ph_managed_value *value, void *arg)
{
    const struct taking *taking = arg;

    return ph_managed_take(taking->config, value, taking->notes, taking->why);
}

int
ph_config_load_noting(const char *dir, struct ph_config *out_config,
                      const struct ph_config_notes *notes, struct ph_why *why)
{
    struct ph_config config, files;
    struct taking taking = {&config, notes, why};
    int err = ph_config_load_files(dir, &config, notes, why);

    if (err != PH_OK)
        return err;
    files = config;
    err = ph_managed_read(on_value, &taking);
    if (err != PH_OK)
        return err;
    ph_config_follow_state_dir(&files, &config);
    *out_config = config;
    return PH_OK;
}

int
ph_config_load(const char *dir, struct ph_config *out_config,
               struct ph_why *why)
{
    return ph_config_load_noting(dir, out_config, NULL, why);
}
