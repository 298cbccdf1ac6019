#include "printhold/proto/bind.h"

#include "printhold/base/err.h"

#define MEMBERS 2

static int
take_login(const json_t *root, char login[PH_LOGIN_MAX])
{
    char text[PH_LOGIN_MAX];
    int err = ph_json_text(root, "login", text, sizeof(text));

    return err == PH_OK ? ph_login_normalise(text, login) : err;
}

/* The name of what is wrong, or NULL. */
static const char *
take(const json_t *root, struct ph_sign_in *into)
{
    if (take_login(root, into->login) != PH_OK)
        return "login";
    if (ph_json_text(root, "password", into->password,
                     sizeof(into->password)) != PH_OK ||
        into->password[0] == '\0')
        return "password";
    return json_object_size(root) == MEMBERS ? NULL : "(there is one too many)";
}

int
ph_bind_take(const json_t *root, struct ph_sign_in *out_sign_in,
             struct ph_why *why)
{
    struct ph_sign_in sign_in = {.way = PH_SIGN_IN_PASSWORD};
    const char *wrong = take(root, &sign_in);

    if (wrong == NULL)
        *out_sign_in = sign_in;
    ph_sign_in_wipe(&sign_in);
    if (wrong == NULL)
        return PH_OK;
    return ph_why_fail(why, PH_ERR_SYNTAX,
                       "The member %s of the request is missing or wrong",
                       wrong);
}

int
ph_bind_put(const char *login, const char *password, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = PH_OK;

    ph_buf_clear(buf);
    if (json_object_set_new(root, "login", json_string(login)) != 0 ||
        json_object_set_new(root, "password", json_string(password)) != 0)
        err = PH_ERR_INVALID;
    if (err == PH_OK)
        err = ph_json_put(root, buf);
    json_decref(root);
    return err;
}

static int
take_bound(const json_t *root, struct ph_bound *bound)
{
    const json_t *person = json_object_get(root, "person");
    int err;

    if (!json_is_true(json_object_get(root, "bound")))
        return PH_ERR_SYNTAX;
    err = take_login(person, bound->login);
    if (err == PH_OK && json_object_get(person, "name") != NULL)
        err = ph_json_text(person, "name", bound->name, sizeof(bound->name));
    return err == PH_OK ? PH_OK : PH_ERR_SYNTAX;
}

int
ph_bound_parse(const void *text, size_t len, struct ph_bound *out_bound)
{
    struct ph_bound bound = {.login = ""};
    json_t *root = NULL;
    int err = ph_json_parse(text, len, PH_BIND_MAX, &root);

    if (err == PH_OK)
        err = take_bound(root, &bound);
    json_decref(root);
    if (err == PH_OK)
        *out_bound = bound;
    return err;
}
