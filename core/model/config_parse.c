#include "config_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

/* Where we are in a file: for errors and for the section in force. */
struct place {
    const struct ph_config_form *form;
    const char *name;
    unsigned line;
    const char *section; /* of the table; NULL before the first */
    bool is_lost;        /* behind a [section] that there is not */
    const struct ph_config_notes *notes;
};

/* The mistake at this place. Who collects them goes on behind it. */
static int PH_PRINTF(3, 4)
    fail(const struct place *place, struct ph_why *why, const char *fmt, ...)
{
    struct ph_why what, whole;
    va_list args;

    va_start(args, fmt);
    ph_why_vset(&what, fmt, args);
    va_end(args);
    ph_why_set(&whole, "%s:%u: %s", place->name, place->line, what.text);
    if (place->notes->findings != NULL) {
        ph_findings_add(place->notes->findings, place->name, place->line,
                        &whole);
        return PH_OK;
    }
    return ph_why_fail(why, PH_ERR_CONFIG, "%s", whole.text);
}

static int
fail_value(const struct place *place, const struct ph_config_setting *setting,
           const char *value, struct ph_why *why)
{
    char allowed[96];

    ph_config_describe(setting, allowed, sizeof(allowed));
    return fail(place, why, "%s = %.40s: must be %s; see %s", setting->key,
                value, allowed, place->form->page);
}

char *
ph_config_trim(char *text)
{
    size_t len;

    text += strspn(text, " \t");
    len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        text[--len] = '\0';
    return text;
}

static int
take_section(struct place *place, char *line, struct ph_why *why)
{
    const struct ph_config_setting *table = place->form->table;
    size_t len = strlen(line);
    char *name;

    place->section = NULL;
    place->is_lost = true;
    if (line[len - 1] != ']')
        return fail(place, why, "section without closing ]");
    line[len - 1] = '\0';
    name = ph_config_trim(line + 1);
    for (size_t i = 0; i < place->form->count; i++) {
        if (strcmp(table[i].section, name) == 0) {
            place->section = table[i].section;
            place->is_lost = false;
            return PH_OK;
        }
    }
    return fail(place, why, "unknown section [%.40s]; see %s", name,
                place->form->page);
}

static void
note_origin(const struct place *place, size_t setting)
{
    struct ph_config_origin *origin;

    if (place->notes->origins == NULL)
        return;
    origin = &place->notes->origins[setting];
    (void)snprintf(origin->file, sizeof(origin->file), "%s", place->name);
    origin->line = place->line;
}

static int
take_key(void *config, const struct place *place, char *line,
         struct ph_why *why)
{
    const struct ph_config_form *form = place->form;
    char *value = strchr(line, '='), *key;
    size_t at;

    if (value == NULL)
        return fail(place, why, "neither [section] nor key = value");
    *value++ = '\0';
    key = ph_config_trim(line);
    value = ph_config_trim(value);
    if (place->is_lost)
        return PH_OK; /* the section has been told */
    if (place->section == NULL)
        return fail(place, why, "key '%.40s' before any [section]", key);
    at = ph_config_find(form, place->section, key);
    if (at == form->count)
        return fail(place, why, "unknown key '%.40s' in [%s]; see %s", key,
                    place->section, form->page);
    if (ph_config_set_value(config, &form->table[at], value) != PH_OK)
        return fail_value(place, &form->table[at], value, why);
    note_origin(place, at);
    return PH_OK;
}

/* One line without its end: bounded, clean text. */
static int
take_line(void *config, struct place *place, const char *text, size_t len,
          struct ph_why *why)
{
    char line[PH_CONFIG_LINE_MAX + 1], clean[PH_CONFIG_LINE_MAX + 1];
    char *start;

    if (len > PH_CONFIG_LINE_MAX)
        return fail(place, why, "line is longer than %d bytes",
                    PH_CONFIG_LINE_MAX);
    memcpy(line, text, len);
    line[len] = '\0';
    start = ph_config_trim(line);
    for (char *tab = start; (tab = strchr(tab, '\t')) != NULL; tab++)
        *tab = ' ';
    ph_utf8_clean(start, clean, sizeof(clean));
    if (memchr(text, '\0', len) != NULL || strcmp(start, clean) != 0)
        return fail(place, why, "not UTF-8 text, or control characters in it");
    if (start[0] == '\0' || start[0] == '#' || start[0] == ';')
        return PH_OK;
    if (start[0] == '[')
        return take_section(place, start, why);
    return take_key(config, place, start, why);
}

/* Line by line into what the caller throws away after a failure. */
static int
take_lines(void *config, struct place *place, const char *text, size_t len,
           struct ph_why *why)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (len >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        len -= 3;
    }
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t used = end != NULL ? (size_t)(end - text) : len;
        size_t line = used;
        int err;

        place->line++;
        if (line > 0 && text[line - 1] == '\r')
            line--;
        err = take_line(config, place, text, line, why);
        if (err != PH_OK)
            return err;
        used += end != NULL ? 1 : 0;
        text += used;
        len -= used;
    }
    return PH_OK;
}

int
ph_config_form_parse_noting(const struct ph_config_form *form, void *config,
                            const char *name, const char *text, size_t len,
                            const struct ph_config_notes *notes,
                            struct ph_why *why)
{
    static const struct ph_config_notes none = {NULL, NULL};
    struct place place = {
        .form = form, .name = name, .notes = notes != NULL ? notes : &none};
    void *next;
    int err;

    if (len > PH_CONFIG_FILE_MAX)
        return ph_why_fail(why, PH_ERR_CONFIG, "%s: larger than %d bytes", name,
                           PH_CONFIG_FILE_MAX);
    next = malloc(form->size);
    if (next == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "%s", ph_err_text(PH_ERR_NOMEM));
    memcpy(next, config, form->size);
    err = take_lines(next, &place, text, len, why);
    if (err == PH_OK)
        memcpy(config, next, form->size);
    free(next);
    return err;
}

int
ph_config_parse_noting(struct ph_config *config, const char *name,
                       const char *text, size_t len,
                       const struct ph_config_notes *notes, struct ph_why *why)
{
    const struct ph_config_form form = ph_config_own_form();
    const struct ph_config before = *config;
    int err =
        ph_config_form_parse_noting(&form, config, name, text, len, notes, why);

    if (err == PH_OK)
        ph_config_follow_state_dir(&before, config);
    return err;
}

int
ph_config_parse(struct ph_config *config, const char *name, const char *text,
                size_t len, struct ph_why *why)
{
    return ph_config_parse_noting(config, name, text, len, NULL, why);
}
