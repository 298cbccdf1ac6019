#include "printhold/model/policy_text.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/model/config.h"

/* The setting that a number's form and bounds are taken from. */
static const struct ph_config_setting *
setting_of(enum ph_policy_member member)
{
    static const char *const keys[PH_POLICY_NUMBERS] = {
        [PH_POLICY_RETENTION] = "retention",
        [PH_POLICY_HISTORY] = "history",
        [PH_POLICY_JOB_SIZE] = "job_size_max",
        [PH_POLICY_SPOOL_SIZE] = "spool_size_max",
        [PH_POLICY_USER_SIZE] = "user_size_max",
        [PH_POLICY_USER_JOBS] = "user_jobs_max",
    };
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);

    for (size_t i = 0; keys[member] != NULL && i < count; i++) {
        if (strcmp(table[i].section, "jobs") == 0 &&
            strcmp(table[i].key, keys[member]) == 0)
            return &table[i];
    }
    return NULL;
}

/* --- taking --- */

static int
take_number(const struct ph_config_setting *setting, const char *text,
            uint64_t *out_number)
{
    switch (setting->kind) {
    case PH_CONFIG_DURATION:
        return ph_parse_duration_s(text, setting->min, setting->max,
                                   out_number);
    case PH_CONFIG_SIZE:
        return ph_parse_size(text, setting->min, setting->max, out_number);
    default:
        return ph_parse_u64(text, setting->min, setting->max, out_number);
    }
}

static int
take_title(const char *text, uint64_t *out_number)
{
    enum ph_title_policy title;
    int err = ph_title_policy_parse(text, &title);

    if (err == PH_OK)
        *out_number = title;
    return err;
}

static int
take_flag(const char *text, uint64_t *out_number)
{
    bool value;
    int err = ph_parse_bool(text, &value);

    if (err == PH_OK)
        *out_number = value;
    return err;
}

/* 1 to 8 entries, one blank between. */
static int
take_list(const char *text, char dst[PH_POLICY_LIST_MAX])
{
    char entry[PH_POLICY_ENTRY_MAX];
    size_t count = 0;

    if (strlen(text) >= PH_POLICY_LIST_MAX)
        return PH_ERR_INVALID;
    for (const char *at = text;; at++) {
        const size_t len = strcspn(at, " ");

        if (len >= sizeof(entry) || ++count > PH_POLICY_ENTRIES_MAX)
            return PH_ERR_INVALID;
        memcpy(entry, at, len);
        entry[len] = '\0';
        if (!ph_policy_is_entry(entry))
            return PH_ERR_INVALID;
        at += len;
        if (*at == '\0')
            break;
    }
    memcpy(dst, text, strlen(text) + 1);
    return PH_OK;
}

static int
refuse(enum ph_policy_member member, struct ph_why *why)
{
    const char *name = ph_policy_member_name(member);

    switch (member) {
    case PH_POLICY_RETENTION:
    case PH_POLICY_HISTORY:
        return ph_why_fail(why, PH_ERR_INVALID, "%s is 1h to 7d", name);
    case PH_POLICY_KEEP:
    case PH_POLICY_OFFLINE_CODE:
        return ph_why_fail(why, PH_ERR_INVALID, "%s is yes or no", name);
    case PH_POLICY_TITLE:
        return ph_why_fail(why, PH_ERR_INVALID,
                           "%s is full, first-word or hidden", name);
    case PH_POLICY_USER_JOBS:
        return ph_why_fail(why, PH_ERR_INVALID, "%s is 1 to 1000000", name);
    case PH_POLICY_SIGN_IN:
    case PH_POLICY_CONFIDENTIAL_AMR:
        return ph_why_fail(why, PH_ERR_INVALID,
                           "%s is 1 to 8 entries, one blank between, such as "
                           "\"badge+pin otp\"",
                           name);
    default:
        return ph_why_fail(why, PH_ERR_INVALID,
                           "%s is 1M to %s, a number with K, M, G or T", name,
                           member == PH_POLICY_JOB_SIZE ? "1T" : "1024T");
    }
}

int
ph_policy_take_text(struct ph_policy *policy, enum ph_policy_member member,
                    const char *text, struct ph_why *why)
{
    uint64_t number = 0;
    int err;

    switch (member) {
    case PH_POLICY_SIGN_IN:
        err = take_list(text, policy->sign_in);
        break;
    case PH_POLICY_CONFIDENTIAL_AMR:
        err = take_list(text, policy->confidential_amr);
        break;
    case PH_POLICY_KEEP:
    case PH_POLICY_OFFLINE_CODE:
        err = take_flag(text, &number);
        break;
    case PH_POLICY_TITLE:
        err = take_title(text, &number);
        break;
    default:
        err = take_number(setting_of(member), text, &number);
        break;
    }
    if (err != PH_OK)
        return refuse(member, why);
    policy->has[member] = true;
    if (member < PH_POLICY_NUMBERS)
        policy->number[member] = number;
    return PH_OK;
}

/* --- showing --- */

static void
show_number(const struct ph_config_setting *setting, uint64_t number, char *dst,
            size_t cap)
{
    struct ph_config_setting at_zero = *setting;

    at_zero.offset = 0; /* "config" is the number itself */
    ph_config_format(&number, &at_zero, dst, cap);
}

void
ph_policy_member_text(const struct ph_policy *policy,
                      enum ph_policy_member member, char *dst, size_t cap)
{
    static const char *const titles[] = {"full", "first-word", "hidden"};

    switch (member) {
    case PH_POLICY_SIGN_IN:
        (void)snprintf(dst, cap, "%s", policy->sign_in);
        break;
    case PH_POLICY_CONFIDENTIAL_AMR:
        (void)snprintf(dst, cap, "%s", policy->confidential_amr);
        break;
    case PH_POLICY_KEEP:
    case PH_POLICY_OFFLINE_CODE:
        (void)snprintf(dst, cap, "%s",
                       policy->number[member] != 0 ? "yes" : "no");
        break;
    case PH_POLICY_TITLE:
        (void)snprintf(dst, cap, "%s",
                       policy->number[member] < PH_COUNT(titles)
                           ? titles[policy->number[member]]
                           : "");
        break;
    default:
        show_number(setting_of(member), policy->number[member], dst, cap);
        break;
    }
}

void
ph_policy_text(const struct ph_policy *policy, char *dst, size_t cap)
{
    char value[PH_POLICY_LIST_MAX];
    size_t len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < PH_POLICY_MEMBERS && len < cap; i++) {
        const enum ph_policy_member member = (enum ph_policy_member)i;
        int more;

        if (!policy->has[i])
            continue;
        ph_policy_member_text(policy, member, value, sizeof(value));
        more = snprintf(dst + len, cap - len, "%s%s %s", len > 0 ? ", " : "",
                        ph_policy_member_name(member), value);
        len += more > 0 ? (size_t)more : 0;
    }
}
