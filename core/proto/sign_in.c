#include "printhold/proto/sign_in.h"

#include <stdbool.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

#define BADGE_TYPED_MAX 128

/* One member: how it is named, and how its text is taken. */
struct member {
    const char *name;
    int (*take)(const json_t *root, const char *name, struct ph_sign_in *into);
    const char *(*give)(const struct ph_sign_in *from);
};

static bool
is_filler(char c)
{
    return c == ':' || c == '-' || c == ' ';
}

int
ph_badge_normalise(const char *text, char out_badge[PH_BADGE_TEXT])
{
    char badge[PH_BADGE_TEXT];
    size_t len = 0;

    for (; *text != '\0'; text++) {
        char c = *text;

        if (is_filler(c))
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (len == PH_BADGE_MAX ||
            !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            return PH_ERR_SYNTAX;
        badge[len++] = c;
    }
    if (len < PH_BADGE_MIN)
        return PH_ERR_SYNTAX;
    badge[len] = '\0';
    memcpy(out_badge, badge, len + 1);
    ph_wipe(badge, sizeof(badge));
    return PH_OK;
}

static int
take_a_badge(const json_t *root, const char *name, char badge[PH_BADGE_TEXT])
{
    char text[BADGE_TYPED_MAX];
    int err = ph_json_text(root, name, text, sizeof(text));

    if (err == PH_OK)
        err = ph_badge_normalise(text, badge);
    ph_wipe(text, sizeof(text));
    return err;
}

static int
take_badge(const json_t *root, const char *name, struct ph_sign_in *into)
{
    return take_a_badge(root, name, into->badge);
}

static int
take_new_badge(const json_t *root, const char *name, struct ph_sign_in *into)
{
    if (json_object_get(root, name) == NULL)
        return PH_OK;
    return take_a_badge(root, name, into->new_badge);
}

static int
take_pin(const json_t *root, const char *name, struct ph_sign_in *into)
{
    int err = ph_json_text(root, name, into->pin, sizeof(into->pin));

    return err == PH_OK ? ph_pin_check(into->pin) : err;
}

static int
take_code(const json_t *root, const char *name, struct ph_sign_in *into)
{
    int err = ph_json_text(root, name, into->code, sizeof(into->code));

    if (err == PH_OK && !ph_code_is(into->code, strlen(into->code)))
        err = PH_ERR_SYNTAX;
    return err;
}

static int
take_login(const json_t *root, const char *name, struct ph_sign_in *into)
{
    char text[PH_LOGIN_MAX];
    int err = ph_json_text(root, name, text, sizeof(text));

    return err == PH_OK ? ph_login_normalise(text, into->login) : err;
}

static int
take_password(const json_t *root, const char *name, struct ph_sign_in *into)
{
    return ph_json_text(root, name, into->password, sizeof(into->password));
}

static const char *
give_badge(const struct ph_sign_in *from)
{
    return from->badge;
}

static const char *
give_new_badge(const struct ph_sign_in *from)
{
    return from->new_badge;
}

static const char *
give_pin(const struct ph_sign_in *from)
{
    return from->pin;
}

static const char *
give_code(const struct ph_sign_in *from)
{
    return from->code;
}

static const char *
give_login(const struct ph_sign_in *from)
{
    return from->login;
}

static const char *
give_password(const struct ph_sign_in *from)
{
    return from->password;
}

#define MEMBERS_MAX 3

static const struct member badge = {"badge", take_badge, give_badge};
static const struct member new_badge = {"new-badge", take_new_badge,
                                        give_new_badge};
static const struct member pin = {"pin", take_pin, give_pin};
static const struct member code = {"code", take_code, give_code};
static const struct member login = {"login", take_login, give_login};
static const struct member password = {"password", take_password,
                                       give_password};

static const struct member *const members[PH_SIGN_IN_WAYS][MEMBERS_MAX] = {
    [PH_SIGN_IN_BADGE] = {&badge},
    [PH_SIGN_IN_PIN] = {&pin},
    [PH_SIGN_IN_BADGE_PIN] = {&badge, &pin},
    [PH_SIGN_IN_CODE] = {&code, &new_badge},
    [PH_SIGN_IN_PASSWORD] = {&login, &password, &new_badge},
};

/* The name of what is wrong, or NULL. */
static const char *
take(const json_t *root, struct ph_sign_in *into)
{
    char way[16];
    size_t there = 1;

    if (ph_json_text(root, "way", way, sizeof(way)) != PH_OK ||
        ph_sign_in_way_find(way, &into->way) != PH_OK)
        return "way";
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct member *member = members[into->way][i];

        if (member == NULL)
            break;
        if (member->take(root, member->name, into) != PH_OK)
            return member->name;
        there += json_object_get(root, member->name) != NULL;
    }
    return json_object_size(root) == there ? NULL : "(there is one too many)";
}

int
ph_sign_in_take(const json_t *root, struct ph_sign_in *out_sign_in,
                struct ph_why *why)
{
    struct ph_sign_in sign_in = {.badge = ""};
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
ph_sign_in_parse(const void *text, size_t len, struct ph_sign_in *out_sign_in,
                 struct ph_why *why)
{
    json_t *root = NULL;
    int err = ph_json_parse(text, len, PH_SIGN_IN_MAX, &root);

    if (err != PH_OK)
        return ph_why_fail(why, err, "The request is not proper JSON");
    err = ph_sign_in_take(root, out_sign_in, why);
    json_decref(root);
    return err;
}

static int
put(const struct ph_sign_in *sign_in, json_t *root)
{
    if (json_object_set_new(
            root, "way", json_string(ph_sign_in_way_name(sign_in->way))) != 0)
        return PH_ERR_NOMEM;
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        const struct member *member = members[sign_in->way][i];
        const char *text;

        if (member == NULL)
            break;
        text = member->give(sign_in);
        if (text[0] == '\0' && member == &new_badge)
            continue;
        if (json_object_set_new(root, member->name, json_string(text)) != 0)
            return PH_ERR_INVALID;
    }
    return PH_OK;
}

int
ph_sign_in_put(const struct ph_sign_in *sign_in, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = put(sign_in, root);

    ph_buf_clear(buf);
    if (err == PH_OK)
        err = ph_json_put(root, buf);
    json_decref(root);
    return err;
}

void
ph_sign_in_wipe(struct ph_sign_in *sign_in)
{
    ph_wipe(sign_in, sizeof(*sign_in));
}
