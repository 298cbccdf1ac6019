#include "control_login.h"

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/bind.h"

_Static_assert(PH_CONTROL_PASSWORD_MAX == PH_SIGN_IN_PASSWORD_MAX + 1 &&
                   PH_CONTROL_NAME_MAX == PH_BIND_NAME_MAX,
               "what a person types goes on to the hub");

int
ph_control_login_fill(const struct ph_control_login *login, json_t *root)
{
    if (login->login[0] != '\0' &&
        json_object_set_new(root, "login", json_string(login->login)) != 0)
        return PH_ERR_INVALID;
    if (json_object_set_new(root, "password", json_string(login->password)) !=
        0)
        return PH_ERR_INVALID;
    return PH_OK;
}

int
ph_control_login_take(const json_t *root, struct ph_control_login *login,
                      struct ph_why *why)
{
    char text[PH_LOGIN_MAX];
    int err = PH_OK;

    if (json_object_get(root, "login") != NULL) {
        err = ph_json_text(root, "login", text, sizeof(text));
        if (err == PH_OK)
            err = ph_login_normalise(text, login->login);
    }
    if (err == PH_OK)
        err = ph_json_text(root, "password", login->password,
                           sizeof(login->password));
    if (err == PH_OK && login->password[0] == '\0')
        err = PH_ERR_INVALID;
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "login takes a password, and a login without "
                           "blanks if any");
    return PH_OK;
}

static const struct ph_text_field texts[] = {
    PH_TEXT_FIELD(ph_control_bound, login, "login"),
    PH_TEXT_FIELD(ph_control_bound, name, "name"),
    PH_TEXT_FIELD(ph_control_bound, workstation, "workstation"),
};

int
ph_control_bound_put(const struct ph_control_bound *bound, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = root != NULL ? PH_OK : PH_ERR_NOMEM;

    if (err == PH_OK)
        err = ph_json_put_texts(root, texts, PH_COUNT(texts), bound);
    if (err == PH_OK)
        return ph_json_put_root(root, buf);
    json_decref(root);
    return err;
}

int
ph_control_bound_parse(const void *body, size_t len,
                       struct ph_control_bound *out_bound)
{
    struct ph_control_bound bound = {.login = ""};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_CONTROL_REQUEST_MAX, &root);

    if (err == PH_OK)
        err = ph_json_take_texts(root, texts, PH_COUNT(texts), &bound, NULL);
    json_decref(root);
    if (err == PH_OK &&
        (bound.login[0] == '\0' || bound.workstation[0] == '\0'))
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        *out_bound = bound;
    return err;
}
