#include "printhold/model/policy.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/model/job.h"

/* How a member meets the configuration. */
enum rule {
    WITHIN, /* the setting's range */
    LESS,   /* not more than the setting, not less than it may be */
    BOTH,   /* 1 only if both */
    MORE,   /* the higher of both is the stricter */
    LIST,
};

static const struct {
    const char *name;
    enum rule rule;
    const char *section; /* of the setting; NULL: there is none */
    const char *key;
} members[PH_POLICY_MEMBERS] = {
    [PH_POLICY_RETENTION] = {"retention-s", WITHIN, "jobs", "retention"},
    [PH_POLICY_HISTORY] = {"history-s", WITHIN, "jobs", "history"},
    [PH_POLICY_JOB_SIZE] = {"job-size-max", LESS, "jobs", "job_size_max"},
    [PH_POLICY_SPOOL_SIZE] = {"spool-size-max", LESS, "jobs", "spool_size_max"},
    [PH_POLICY_USER_SIZE] = {"user-size-max", LESS, "jobs", "user_size_max"},
    [PH_POLICY_USER_JOBS] = {"user-jobs-max", LESS, "jobs", "user_jobs_max"},
    [PH_POLICY_KEEP] = {"keep", BOTH, NULL, NULL},
    [PH_POLICY_OFFLINE_CODE] = {"offline-code", BOTH, "release",
                                "offline_code"},
    [PH_POLICY_TITLE] = {"title", MORE, "cloud", "title"},
    [PH_POLICY_SIGN_IN] = {"sign-in", LIST, NULL, NULL},
    [PH_POLICY_CONFIDENTIAL_AMR] = {"confidential-amr", LIST, "release",
                                    "confidential_amr"},
};

static const char *const titles[] = {"full", "first-word", "hidden"};

const char *
ph_policy_member_name(enum ph_policy_member member)
{
    return members[member].name;
}

int
ph_policy_member_find(const char *name, enum ph_policy_member *out_member)
{
    for (size_t i = 0; i < PH_COUNT(members); i++) {
        if (strcmp(members[i].name, name) == 0) {
            *out_member = (enum ph_policy_member)i;
            return PH_OK;
        }
    }
    return PH_ERR_NOT_FOUND;
}

bool
ph_policy_is_entry(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

    for (;;) {
        const size_t len = strspn(text, letters);

        if (len == 0 || (text[len] != '+' && text[len] != '\0'))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

void
ph_policy_merge(const struct ph_policy *under, const struct ph_policy *over,
                struct ph_policy *out)
{
    struct ph_policy merged = *under;

    for (size_t i = 0; i < PH_POLICY_MEMBERS; i++) {
        merged.has[i] = under->has[i] || over->has[i];
        if (over->has[i] && i < PH_POLICY_NUMBERS)
            merged.number[i] = over->number[i];
    }
    if (over->has[PH_POLICY_SIGN_IN])
        memcpy(merged.sign_in, over->sign_in, sizeof(merged.sign_in));
    if (over->has[PH_POLICY_CONFIDENTIAL_AMR])
        memcpy(merged.confidential_amr, over->confidential_amr,
               sizeof(merged.confidential_amr));
    *out = merged;
}

/* --- over the configuration --- */

static const struct ph_config_setting *
setting_of(size_t member)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);

    for (size_t i = 0; members[member].section != NULL && i < count; i++) {
        if (strcmp(table[i].section, members[member].section) == 0 &&
            strcmp(table[i].key, members[member].key) == 0)
            return &table[i];
    }
    return NULL;
}

/* What the configuration says; keep has no setting and is allowed. */
static uint64_t
configured(const struct ph_config *config, size_t member,
           const struct ph_config_setting *setting)
{
    enum ph_title_policy title = PH_TITLE_HIDDEN;
    uint64_t value = 1;

    if (member == PH_POLICY_TITLE) {
        (void)ph_title_policy_parse(config->title_policy, &title);
        return title;
    }
    if (member == PH_POLICY_OFFLINE_CODE)
        return strcmp(config->offline_code, "yes") == 0;
    if (setting != NULL)
        memcpy(&value, (const char *)config + setting->offset, sizeof(value));
    return value;
}

static uint64_t
clamp(enum rule rule, uint64_t ours, uint64_t wanted,
      const struct ph_config_setting *setting)
{
    uint64_t value = wanted;

    switch (rule) {
    case BOTH:
        return ours != 0 && wanted != 0;
    case MORE:
        return wanted > ours ? wanted : ours;
    default:
        if (value < setting->min)
            value = setting->min;
        if (value > setting->max)
            value = setting->max;
        return rule == LESS && value > ours ? ours : value;
    }
}

static void
apply_numbers(const struct ph_config *config, const struct ph_policy *policy,
              struct ph_rules *rules)
{
    for (size_t i = 0; i < PH_POLICY_NUMBERS; i++) {
        const struct ph_config_setting *setting = setting_of(i);
        const uint64_t ours = configured(config, i, setting);

        rules->number[i] = ours;
        if (policy == NULL || !policy->has[i])
            continue;
        rules->number[i] =
            clamp(members[i].rule, ours, policy->number[i], setting);
        rules->is_policy[i] = rules->number[i] != ours;
        rules->is_clamped[i] = rules->number[i] != policy->number[i];
    }
}

/* Entries that are words of their own only, blank between: a sum of both. */
static void
add_words(char *dst, size_t cap, const char *more)
{
    const size_t len = strlen(dst);

    (void)snprintf(dst + len, cap - len, "%s%s", len > 0 ? " " : "", more);
}

void
ph_policy_apply(const struct ph_config *config, const struct ph_policy *policy,
                struct ph_rules *out_rules)
{
    struct ph_rules rules = {.number = {0}};

    apply_numbers(config, policy, &rules);
    (void)snprintf(rules.confidential_amr, sizeof(rules.confidential_amr), "%s",
                   config->confidential_amr);
    if (policy != NULL && policy->has[PH_POLICY_CONFIDENTIAL_AMR]) {
        add_words(rules.confidential_amr, sizeof(rules.confidential_amr),
                  policy->confidential_amr);
        rules.is_policy[PH_POLICY_CONFIDENTIAL_AMR] = true;
    }
    if (policy != NULL && policy->has[PH_POLICY_SIGN_IN]) {
        memcpy(rules.sign_in, policy->sign_in, sizeof(rules.sign_in));
        rules.is_policy[PH_POLICY_SIGN_IN] = true;
    }
    *out_rules = rules;
}

/* --- words --- */

static void
format(const struct ph_rules *rules, size_t member, char *dst, size_t cap)
{
    const uint64_t value =
        member < PH_POLICY_NUMBERS ? rules->number[member] : 0;

    if (member == PH_POLICY_SIGN_IN)
        (void)snprintf(dst, cap, "%s", rules->sign_in);
    else if (member == PH_POLICY_CONFIDENTIAL_AMR)
        (void)snprintf(dst, cap, "%s", rules->confidential_amr);
    else if (members[member].rule == BOTH)
        (void)snprintf(dst, cap, "%s", value != 0 ? "yes" : "no");
    else if (member == PH_POLICY_TITLE)
        (void)snprintf(dst, cap, "%s", titles[value]);
    else
        (void)snprintf(dst, cap, "%llu", (unsigned long long)value);
}

void
ph_rules_text(const struct ph_rules *rules, char *dst, size_t cap)
{
    char value[sizeof(rules->confidential_amr)];
    size_t len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < PH_POLICY_MEMBERS && len < cap; i++) {
        int more;

        if (!rules->is_policy[i])
            continue;
        format(rules, i, value, sizeof(value));
        more = snprintf(dst + len, cap - len, "%s%s %s", len > 0 ? ", " : "",
                        members[i].name, value);
        len += more > 0 ? (size_t)more : 0;
    }
}
