#include "control_enrol.h"

#include <string.h>

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

int
ph_control_enrol_fill(const struct ph_control_enrol *enrol, json_t *root)
{
    if (json_object_set_new(root, "server", json_string(enrol->server)) != 0 ||
        json_object_set_new(root, "token", json_string(enrol->token)) != 0)
        return PH_ERR_INVALID;
    if (enrol->pin[0] != '\0' &&
        json_object_set_new(root, "pin", json_string(enrol->pin)) != 0)
        return PH_ERR_INVALID;
    if (enrol->ca[0] != '\0' &&
        json_object_set_new(root, "ca", json_string(enrol->ca)) != 0)
        return PH_ERR_INVALID;
    return PH_OK;
}

static int
take_optional(const json_t *root, const char *name, char *dst, size_t cap)
{
    int err = ph_json_text(root, name, dst, cap);

    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

/* PEM has line ends, which ph_json_text does not take. */
static int
take_ca(const json_t *root, char ca[PH_CONTROL_CA_MAX])
{
    const json_t *value = json_object_get(root, "ca");
    const char *text = json_string_value(value);

    if (value == NULL)
        return PH_OK;
    if (text == NULL || strlen(text) >= PH_CONTROL_CA_MAX)
        return PH_ERR_SYNTAX;
    for (const char *c = text; *c != '\0'; c++)
        if ((*c < ' ' || *c > '~') && *c != '\n' && *c != '\r' && *c != '\t')
            return PH_ERR_SYNTAX;
    memcpy(ca, text, strlen(text) + 1);
    return PH_OK;
}

int
ph_control_enrol_take(const json_t *root, struct ph_control_enrol *enrol,
                      struct ph_why *why)
{
    int err =
        ph_json_text(root, "server", enrol->server, sizeof(enrol->server));

    if (err == PH_OK)
        err = ph_json_text(root, "token", enrol->token, sizeof(enrol->token));
    if (err == PH_OK)
        err = take_optional(root, "pin", enrol->pin, sizeof(enrol->pin));
    if (err == PH_OK)
        err = take_ca(root, enrol->ca);
    if (err == PH_OK && (enrol->pin[0] != '\0') == (enrol->ca[0] != '\0'))
        err = PH_ERR_INVALID;
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "enrol takes server, token, and either pin or ca");
    return PH_OK;
}

static const struct ph_text_field texts[] = {
    PH_TEXT_FIELD(ph_control_enrolled, id, "id"),
    PH_TEXT_FIELD(ph_control_enrolled, tenant, "tenant"),
    PH_TEXT_FIELD(ph_control_enrolled, hub, "hub"),
};
static const struct ph_number_field numbers[] = {
    PH_I64_FIELD(ph_control_enrolled, not_after_ms, "not-after-ms"),
    PH_I64_FIELD(ph_control_enrolled, renew_after_ms, "renew-after-ms"),
};

int
ph_control_enrolled_put(const struct ph_control_enrolled *enrolled,
                        struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = root != NULL ? PH_OK : PH_ERR_NOMEM;

    if (err == PH_OK)
        err = ph_json_put_texts(root, texts, PH_COUNT(texts), enrolled);
    if (err == PH_OK)
        err = ph_json_put_numbers(root, numbers, PH_COUNT(numbers), enrolled);
    if (err == PH_OK)
        return ph_json_put_root(root, buf);
    json_decref(root);
    return err;
}

int
ph_control_enrolled_parse(const void *body, size_t len,
                          struct ph_control_enrolled *out_enrolled)
{
    struct ph_control_enrolled enrolled = {.id = ""};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_CONTROL_REQUEST_MAX, &root);

    if (err == PH_OK)
        err = ph_json_take_texts(root, texts, PH_COUNT(texts), &enrolled, NULL);
    if (err == PH_OK)
        err = ph_json_take_numbers(root, numbers, PH_COUNT(numbers), &enrolled,
                                   NULL);
    json_decref(root);
    if (err == PH_OK && (enrolled.id[0] == '\0' || enrolled.tenant[0] == '\0'))
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        *out_enrolled = enrolled;
    return err;
}
