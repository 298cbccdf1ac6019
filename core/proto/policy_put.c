/* Policies as the hub keeps and says them. */
#include "printhold/proto/policy.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/json.h"

/* "badge+pin otp" to ["badge+pin","otp"]; NULL: out of memory. */
static json_t *
list_of(const char *text)
{
    json_t *list = json_array();

    while (list != NULL && *text != '\0') {
        const size_t len = strcspn(text, " ");

        if (json_array_append_new(list, json_stringn(text, len)) != 0) {
            json_decref(list);
            return NULL;
        }
        text += len;
        text += *text == ' ';
    }
    return list;
}

static json_t *
value_of(const struct ph_policy *policy, enum ph_policy_member member)
{
    static const char *const titles[] = {
        [PH_TITLE_FULL] = "full",
        [PH_TITLE_FIRST_WORD] = "first-word",
        [PH_TITLE_HIDDEN] = "hidden",
    };

    switch (member) {
    case PH_POLICY_SIGN_IN:
        return list_of(policy->sign_in);
    case PH_POLICY_CONFIDENTIAL_AMR:
        return list_of(policy->confidential_amr);
    case PH_POLICY_KEEP:
    case PH_POLICY_OFFLINE_CODE:
        return json_boolean(policy->number[member] != 0);
    case PH_POLICY_TITLE:
        return json_string(titles[policy->number[member]]);
    default:
        return json_integer((json_int_t)policy->number[member]);
    }
}

int
ph_policy_put(const struct ph_policy *policy, struct ph_buf *buf)
{
    json_t *object = json_object();
    int err = object != NULL ? PH_OK : PH_ERR_NOMEM;

    if (policy->has[PH_POLICY_TITLE] &&
        policy->number[PH_POLICY_TITLE] > PH_TITLE_HIDDEN)
        err = PH_ERR_INVALID;
    for (size_t i = 0; i < PH_POLICY_MEMBERS && err == PH_OK; i++) {
        const enum ph_policy_member member = (enum ph_policy_member)i;

        if (policy->has[i] &&
            json_object_set_new(object, ph_policy_member_name(member),
                                value_of(policy, member)) != 0)
            err = PH_ERR_NOMEM;
    }
    if (err == PH_OK)
        err = ph_json_put(object, buf);
    json_decref(object);
    return err;
}
