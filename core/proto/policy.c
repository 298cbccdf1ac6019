#include "printhold/proto/policy.h"

#include <stdlib.h>
#include <string.h>

#include "json_fields.h"
#include "message_claims.h"
#include "printhold/base/err.h"
#include "printhold/crypto/jws.h"

#define CRITICAL_MAX 32

/* --- members --- */

static int
take_flag(const json_t *value, uint64_t *out_number)
{
    if (!json_is_boolean(value))
        return PH_ERR_INVALID;
    *out_number = json_is_true(value);
    return PH_OK;
}

static int
take_number(const json_t *value, uint64_t *out_number)
{
    const json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || number > PH_JSON_INT_MAX)
        return PH_ERR_INVALID;
    *out_number = (uint64_t)number;
    return PH_OK;
}

static int
take_title(const json_t *value, uint64_t *out_number)
{
    enum ph_title_policy title;

    if (!json_is_string(value) ||
        ph_title_policy_parse(json_string_value(value), &title) != PH_OK)
        return PH_ERR_INVALID;
    *out_number = title;
    return PH_OK;
}

/* ["badge+pin","otp"] to "badge+pin otp". */
static int
take_list(const json_t *value, char dst[PH_POLICY_LIST_MAX])
{
    char entry[PH_POLICY_ENTRIES_MAX][PH_POLICY_ENTRY_MAX];
    size_t count = 0, len = 0;

    if (ph_claims_list(value, PH_POLICY_ENTRIES_MAX, entry[0], sizeof(entry[0]),
                       &count) != PH_OK)
        return PH_ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        const size_t more = strlen(entry[i]);

        if (!ph_policy_is_entry(entry[i]))
            return PH_ERR_INVALID;
        if (i > 0)
            dst[len++] = ' ';
        memcpy(dst + len, entry[i], more + 1);
        len += more;
    }
    return PH_OK;
}

static int
take_member(const json_t *value, enum ph_policy_member member,
            struct ph_policy *policy)
{
    policy->has[member] = true;
    switch (member) {
    case PH_POLICY_SIGN_IN:
        return take_list(value, policy->sign_in);
    case PH_POLICY_CONFIDENTIAL_AMR:
        return take_list(value, policy->confidential_amr);
    case PH_POLICY_KEEP:
    case PH_POLICY_OFFLINE_CODE:
        return take_flag(value, &policy->number[member]);
    case PH_POLICY_TITLE:
        return take_title(value, &policy->number[member]);
    default:
        return take_number(value, &policy->number[member]);
    }
}

/* NULL, or the member that is wrong. */
static const char *
take_members(const json_t *object, struct ph_policy *policy)
{
    if (!json_is_object(object))
        return "policy";
    for (size_t i = 0; i < PH_POLICY_MEMBERS; i++) {
        const enum ph_policy_member member = (enum ph_policy_member)i;
        const char *name = ph_policy_member_name(member);
        const json_t *value = json_object_get(object, name);

        if (value != NULL && take_member(value, member, policy) != PH_OK)
            return name;
    }
    return NULL;
}

/* Everything in crit must stand in the policy and be known. */
static int
check_critical(const json_t *root)
{
    const json_t *crit = json_object_get(root, "crit");
    const json_t *object = json_object_get(root, "policy");
    char name[CRITICAL_MAX][PH_POLICY_ENTRY_MAX];
    enum ph_policy_member member;
    size_t count = 0;

    if (crit == NULL)
        return PH_OK;
    if (ph_claims_list(crit, CRITICAL_MAX, name[0], sizeof(name[0]), &count) !=
        PH_OK)
        return PH_ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (json_object_get(object, name[i]) == NULL)
            return PH_ERR_INVALID;
        if (ph_policy_member_find(name[i], &member) != PH_OK)
            return PH_ERR_UNSUPPORTED;
    }
    return PH_OK;
}

/* NULL, or what is wrong. */
static const char *
read_message(const json_t *root, struct ph_policy_message *message)
{
    const char *wrong = ph_message_claims_read(root, false, &message->claims);

    if (wrong == NULL && ph_message_version(root, &message->version) != PH_OK)
        wrong = "ver";
    if (wrong == NULL)
        wrong = take_members(json_object_get(root, "policy"), &message->policy);
    return wrong;
}

int
ph_policy_read(const void *json, size_t len, struct ph_policy *out_policy)
{
    struct ph_policy policy = {.number = {0}};
    json_t *object = NULL;
    int err = ph_json_parse(json, len, PH_JWS_MAX, &object);

    if (err == PH_OK && take_members(object, &policy) != NULL)
        err = PH_ERR_INVALID;
    if (err == PH_OK)
        *out_policy = policy;
    json_decref(object);
    return err;
}

int
ph_policy_parse(const void *json, size_t len,
                struct ph_policy_message *out_message, struct ph_why *why)
{
    struct ph_policy_message *message = NULL;
    json_t *root = NULL;
    const char *wrong;
    int err = ph_json_parse(json, len, PH_JWS_MAX, &root);

    if (err != PH_OK)
        return err == PH_ERR_NOMEM
                   ? err
                   : ph_why_fail(
                         why, PH_ERR_INVALID,
                         "The claims of the policy are not proper JSON");
    message = calloc(1, sizeof(*message));
    if (message == NULL) {
        json_decref(root);
        return PH_ERR_NOMEM;
    }
    wrong = read_message(root, message);
    if (wrong != NULL)
        err = ph_why_fail(why, PH_ERR_INVALID,
                          "%s in the policy is missing or wrong", wrong);
    else if ((err = check_critical(root)) != PH_OK)
        (void)ph_why_fail(why, err,
                          err == PH_ERR_UNSUPPORTED
                              ? "The policy has a critical member that this "
                                "version does not know; update printhold"
                              : "crit in the policy is wrong");
    else
        *out_message = *message;
    json_decref(root);
    free(message);
    return err;
}
