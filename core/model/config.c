#include "config_value.h"

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

int
ph_config_set_value(void *config, const struct ph_config_setting *setting,
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

size_t
ph_config_find(const struct ph_config_form *form, const char *section,
               const char *key)
{
    size_t i = 0;

    while (i < form->count && (strcmp(form->table[i].section, section) != 0 ||
                               strcmp(form->table[i].key, key) != 0))
        i++;
    return i;
}

void
ph_config_form_init(const struct ph_config_form *form, void *config)
{
    memset(config, 0, form->size);
    for (size_t i = 0; i < form->count; i++)
        (void)ph_config_set_value(config, &form->table[i],
                                  form->table[i].default_text);
}

struct ph_config_form
ph_config_own_form(void)
{
    struct ph_config_form form = {.size = sizeof(struct ph_config),
                                  .page = "printhold.conf(5)"};

    form.table = ph_config_table(&form.count);
    return form;
}

void
ph_config_init(struct ph_config *config)
{
    const struct ph_config_form form = ph_config_own_form();

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

void
ph_config_describe(const struct ph_config_setting *setting, char *dst,
                   size_t cap)
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

void
ph_config_default_key_file(const char *state_dir, const char *level,
                           char dst[PH_CONFIG_TEXT_MAX])
{
    const bool sealed =
        strcmp(level, "host") == 0 || strcmp(level, "tpm2") == 0;

    (void)snprintf(dst, PH_CONFIG_TEXT_MAX, "%.*s/machine.%s", KEY_DIR_MAX,
                   state_dir, sealed ? "cred" : "key");
}

void
ph_config_follow_state_dir(const struct ph_config *before,
                           struct ph_config *after)
{
    char expected[PH_CONFIG_TEXT_MAX];

    ph_config_default_key_file(before->state_dir, before->key_level, expected);
    if (strcmp(after->key_file, expected) == 0)
        ph_config_default_key_file(after->state_dir, after->key_level,
                                   after->key_file);
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
