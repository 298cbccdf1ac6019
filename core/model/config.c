#include "printhold/model/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/utf8.h"

#define WSS_URLS_MAX 8

/* Room behind it for the name of the key's file. */
#define KEY_DIR_MAX (PH_CONFIG_TEXT_MAX - 16)

/* Where we are in a file: for errors and for the section in force. */
struct place {
    const struct ph_config_form *form;
    const char *name;
    unsigned line;
    const char *section;              /* of the table; NULL before the first */
    struct ph_config_origin *origins; /* as many as settings, or NULL */
};

static char *
text_at(void *config, const struct ph_config_setting *setting)
{
    return (char *)config + setting->offset;
}

static uint64_t *
number_at(void *config, const struct ph_config_setting *setting)
{
    return (uint64_t *)(void *)((char *)config + setting->offset);
}

static bool
is_number(const struct ph_config_setting *setting)
{
    return setting->kind == PH_CONFIG_NUMBER ||
           setting->kind == PH_CONFIG_SIZE ||
           setting->kind == PH_CONFIG_DURATION;
}

static bool
is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);

    while (len > 0 && choices != NULL) {
        if (strncmp(choices, value, len) == 0 &&
            (choices[len] == '|' || choices[len] == '\0'))
            return true;
        choices = strchr(choices, '|');
        choices = choices != NULL ? choices + 1 : NULL;
    }
    return false;
}

static bool
is_address(const char *value)
{
    struct in6_addr any; /* room for either family */

    return inet_pton(AF_INET6, value, &any) == 1 ||
           inet_pton(AF_INET, value, &any) == 1;
}

static bool
is_wss_url(const char *value, size_t len)
{
    static const char scheme[] = "wss://";
    size_t scheme_len = sizeof(scheme) - 1;

    if (len <= scheme_len || strncmp(value, scheme, scheme_len) != 0 ||
        value[scheme_len] == '/')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (strchr("\"\\@", value[i]) != NULL)
            return false;
    }
    return true;
}

/* None, or some with blanks between them. */
static bool
are_wss_urls(const char *value, size_t max)
{
    size_t count = 0;

    for (value += strspn(value, " "); *value != '\0';
         value += strspn(value, " ")) {
        size_t len = strcspn(value, " ");

        if (!is_wss_url(value, len) || ++count > max)
            return false;
        value += len;
    }
    return true;
}

static bool
is_text_fit(const struct ph_config_setting *setting, const char *value)
{
    size_t len = strlen(value);

    if (len < setting->min || len > setting->max || len >= PH_CONFIG_TEXT_MAX)
        return false;
    switch (setting->kind) {
    case PH_CONFIG_PATH:
        return len == 0 || value[0] == '/';
    case PH_CONFIG_ADDRESS:
        return is_address(value);
    case PH_CONFIG_WSS_URLS:
        return are_wss_urls(value, WSS_URLS_MAX);
    case PH_CONFIG_WSS_URL:
        return are_wss_urls(value, 1);
    default:
        return true;
    }
}

/* Put a value of the right kind and range in its place. */
static int
set_value(void *config, const struct ph_config_setting *setting,
          const char *value)
{
    bool fit;

    switch (setting->kind) {
    case PH_CONFIG_NUMBER:
        return ph_parse_u64(value, setting->min, setting->max,
                            number_at(config, setting));
    case PH_CONFIG_SIZE:
        return ph_parse_size(value, setting->min, setting->max,
                             number_at(config, setting));
    case PH_CONFIG_DURATION:
        return ph_parse_duration_s(value, setting->min, setting->max,
                                   number_at(config, setting));
    case PH_CONFIG_CHOICE:
        fit = is_choice(setting->choices, value);
        break;
    default:
        fit = is_text_fit(setting, value);
        break;
    }
    if (!fit)
        return PH_ERR_INVALID;
    (void)snprintf(text_at(config, setting), PH_CONFIG_TEXT_MAX, "%s", value);
    return PH_OK;
}

void
ph_config_form_init(const struct ph_config_form *form, void *config)
{
    memset(config, 0, form->size);
    for (size_t i = 0; i < form->count; i++)
        (void)set_value(config, &form->table[i], form->table[i].default_text);
}

/* The form of printhold.conf. */
static struct ph_config_form
own_form(void)
{
    struct ph_config_form form = {.size = sizeof(struct ph_config),
                                  .page = "printhold.conf(5)"};

    form.table = ph_config_table(&form.count);
    return form;
}

void
ph_config_init(struct ph_config *config)
{
    const struct ph_config_form form = own_form();

    ph_config_form_init(&form, config);
}

/* A number in the largest unit that divides it. */
static void
format_scaled(uint64_t value, const uint64_t *factors, const char *letters,
              char *dst, size_t cap)
{
    for (size_t i = 0; letters[i] != '\0'; i++) {
        if (value >= factors[i] && value % factors[i] == 0) {
            (void)snprintf(dst, cap, "%llu%c",
                           (unsigned long long)(value / factors[i]),
                           letters[i]);
            return;
        }
    }
    (void)snprintf(dst, cap, "%llu", (unsigned long long)value);
}

/* What a value may be, for people. */
static void
describe(const struct ph_config_setting *setting, char *dst, size_t cap)
{
    struct ph_config bounds;
    struct ph_config_setting end = *setting;
    char low[32], high[32];

    switch (setting->kind) {
    case PH_CONFIG_PATH:
        (void)snprintf(dst, cap, "an absolute path of at most %llu bytes",
                       (unsigned long long)setting->max);
        return;
    case PH_CONFIG_ADDRESS:
        (void)snprintf(dst, cap, "an IPv4 or IPv6 address");
        return;
    case PH_CONFIG_WSS_URL:
        (void)snprintf(dst, cap, "a wss:// URL");
        return;
    case PH_CONFIG_WSS_URLS:
        (void)snprintf(dst, cap, "a wss:// URL, or up to %d", WSS_URLS_MAX);
        return;
    case PH_CONFIG_CHOICE:
        (void)snprintf(dst, cap, "one of %s", setting->choices);
        return;
    case PH_CONFIG_TEXT:
        (void)snprintf(dst, cap, "text of %llu to %llu bytes",
                       (unsigned long long)setting->min,
                       (unsigned long long)setting->max);
        return;
    default:
        break;
    }
    end.offset = offsetof(struct ph_config, retention_s);
    bounds.retention_s = setting->min;
    ph_config_format(&bounds, &end, low, sizeof(low));
    bounds.retention_s = setting->max;
    ph_config_format(&bounds, &end, high, sizeof(high));
    (void)snprintf(dst, cap, "%s to %s", low, high);
}

static int
fail_value(const struct place *place, const struct ph_config_setting *setting,
           const char *value, struct ph_why *why)
{
    char allowed[96];

    describe(setting, allowed, sizeof(allowed));
    return ph_why_fail(why, PH_ERR_CONFIG,
                       "%s:%u: %s = %.40s: must be %s; see %s", place->name,
                       place->line, setting->key, value, allowed,
                       place->form->page);
}

static char *
trim(char *text)
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

    if (line[len - 1] != ']')
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s:%u: section without closing ]", place->name,
                           place->line);
    line[len - 1] = '\0';
    name = trim(line + 1);
    for (size_t i = 0; i < place->form->count; i++) {
        if (strcmp(table[i].section, name) == 0) {
            place->section = table[i].section;
            return PH_OK;
        }
    }
    return ph_why_fail(why, PH_ERR_CONFIG,
                       "%s:%u: unknown section [%.40s]; see %s", place->name,
                       place->line, name, place->form->page);
}

static void
note_origin(const struct place *place, size_t setting)
{
    struct ph_config_origin *origin;

    if (place->origins == NULL)
        return;
    origin = &place->origins[setting];
    (void)snprintf(origin->file, sizeof(origin->file), "%s", place->name);
    origin->line = place->line;
}

static int
take_key(void *config, const struct place *place, char *line,
         struct ph_why *why)
{
    const struct ph_config_setting *table = place->form->table;
    char *value = strchr(line, '='), *key;

    if (value == NULL)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s:%u: neither [section] nor key = value",
                           place->name, place->line);
    *value++ = '\0';
    key = trim(line);
    value = trim(value);
    if (place->section == NULL)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s:%u: key '%.40s' before any [section]",
                           place->name, place->line, key);
    for (size_t i = 0; i < place->form->count; i++) {
        if (strcmp(table[i].section, place->section) != 0 ||
            strcmp(table[i].key, key) != 0)
            continue;
        if (set_value(config, &table[i], value) != PH_OK)
            return fail_value(place, &table[i], value, why);
        note_origin(place, i);
        return PH_OK;
    }
    return ph_why_fail(
        why, PH_ERR_CONFIG, "%s:%u: unknown key '%.40s' in [%s]; see %s",
        place->name, place->line, key, place->section, place->form->page);
}

/* One line without its end: bounded, clean text. */
static int
take_line(void *config, struct place *place, const char *text, size_t len,
          struct ph_why *why)
{
    char line[PH_CONFIG_LINE_MAX + 1], clean[PH_CONFIG_LINE_MAX + 1];
    char *start;

    if (len > PH_CONFIG_LINE_MAX)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s:%u: line is longer than %d bytes", place->name,
                           place->line, PH_CONFIG_LINE_MAX);
    memcpy(line, text, len);
    line[len] = '\0';
    start = trim(line);
    for (char *tab = start; (tab = strchr(tab, '\t')) != NULL; tab++)
        *tab = ' ';
    ph_utf8_clean(start, clean, sizeof(clean));
    if (memchr(text, '\0', len) != NULL || strcmp(start, clean) != 0)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s:%u: not UTF-8 text, or control characters in it",
                           place->name, place->line);
    if (start[0] == '\0' || start[0] == '#' || start[0] == ';')
        return PH_OK;
    if (start[0] == '[')
        return take_section(place, start, why);
    return take_key(config, place, start, why);
}

void
ph_config_default_key_file(const char *state_dir, const char *level,
                           char dst[PH_CONFIG_TEXT_MAX])
{
    const bool sealed =
        strcmp(level, "host") == 0 || strcmp(level, "tpm2") == 0;

    (void)snprintf(dst, PH_CONFIG_TEXT_MAX, "%.*s/machine.%s", KEY_DIR_MAX,
                   state_dir, sealed ? "cred" : "key");
}

/* keys.file lies in state_dir unless a file says otherwise. */
static void
follow_state_dir(const struct ph_config *before, struct ph_config *after)
{
    char expected[PH_CONFIG_TEXT_MAX];

    ph_config_default_key_file(before->state_dir, before->key_level, expected);
    if (strcmp(after->key_file, expected) == 0)
        ph_config_default_key_file(after->state_dir, after->key_level,
                                   after->key_file);
}

/* Line by line into what the caller throws away after a failure. */
static int
take_lines(void *config, struct place *place, const char *text, size_t len,
           struct ph_why *why)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (len > PH_CONFIG_FILE_MAX)
        return ph_why_fail(why, PH_ERR_CONFIG, "%s: larger than %d bytes",
                           place->name, PH_CONFIG_FILE_MAX);
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

static int
form_parse(void *config, struct place *place, const char *text, size_t len,
           struct ph_why *why)
{
    const size_t size = place->form->size;
    void *next = malloc(size);
    int err;

    if (next == NULL)
        return PH_ERR_NOMEM;
    memcpy(next, config, size);
    err = take_lines(next, place, text, len, why);
    if (err == PH_OK)
        memcpy(config, next, size);
    free(next);
    return err;
}

int
ph_config_form_parse(const struct ph_config_form *form, void *config,
                     const char *name, const char *text, size_t len,
                     struct ph_why *why)
{
    struct place place = {.form = form, .name = name};

    return form_parse(config, &place, text, len, why);
}

int
ph_config_parse_noting(struct ph_config *config, const char *name,
                       const char *text, size_t len,
                       struct ph_config_origin *origins, struct ph_why *why)
{
    const struct ph_config_form form = own_form();
    struct place place = {.form = &form, .name = name, .origins = origins};
    struct ph_config next = *config;
    int err = form_parse(&next, &place, text, len, why);

    if (err != PH_OK)
        return err;
    follow_state_dir(config, &next);
    *config = next;
    return PH_OK;
}

int
ph_config_parse(struct ph_config *config, const char *name, const char *text,
                size_t len, struct ph_why *why)
{
    return ph_config_parse_noting(config, name, text, len, NULL, why);
}

void
ph_config_format(const void *config, const struct ph_config_setting *setting,
                 char *dst, size_t cap)
{
    static const uint64_t sizes[] = {UINT64_C(1) << 40, UINT64_C(1) << 30,
                                     UINT64_C(1) << 20, UINT64_C(1) << 10};
    static const uint64_t times[] = {86400, 3600, 60, 1};
    const char *at = (const char *)config + setting->offset;
    uint64_t value = 0;

    if (!is_number(setting)) {
        (void)snprintf(dst, cap, "%s", at);
        return;
    }
    memcpy(&value, at, sizeof(value));
    if (setting->kind == PH_CONFIG_SIZE)
        format_scaled(value, sizes, "TGMK", dst, cap);
    else if (setting->kind == PH_CONFIG_DURATION && value == 0)
        (void)snprintf(dst, cap, "0s");
    else if (setting->kind == PH_CONFIG_DURATION && value < 2 * times[0])
        format_scaled(value, times + 1, "hms", dst, cap); /* 24h, not 1d */
    else if (setting->kind == PH_CONFIG_DURATION)
        format_scaled(value, times, "dhms", dst, cap);
    else
        (void)snprintf(dst, cap, "%llu", (unsigned long long)value);
}
