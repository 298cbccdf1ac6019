#include "command.h"

#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"
#include "printhold/proto/json.h"

const char *
hub_command_value(const struct hub_command *command, enum hub_option option,
                  const char *otherwise)
{
    const char *value = command->options->value[option];

    return value != NULL ? value : otherwise;
}

int
hub_command_text(struct hub_command *command, const char *what,
                 const char *value, char *dst, size_t cap)
{
    char clean[512];

    ph_utf8_clean(value, clean, sizeof(clean));
    if (strlen(value) >= cap || strcmp(clean, value) != 0)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "%s must be UTF-8 text of at most %zu bytes without "
                           "control characters",
                           what, cap - 1);
    (void)snprintf(dst, cap, "%s", value);
    return PH_OK;
}

int
hub_command_id(struct hub_command *command, const char *what, const char *value,
               char dst[HUB_ID_MAX])
{
    size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (len >= HUB_ID_MAX || value[len] != '\0')
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "%s must be of a-z, 0-9 and -, at most %d of them",
                           what, HUB_ID_MAX - 1);
    (void)snprintf(dst, HUB_ID_MAX, "%s", value);
    return PH_OK;
}

int
hub_command_login(struct hub_command *command, const char *value,
                  char dst[PH_LOGIN_MAX])
{
    int err = PH_ERR_INVALID;

    if (value != NULL && ph_utf8_valid(value, strlen(value)))
        err = ph_login_normalise(value, dst);
    if (err != PH_OK)
        ph_why_set(command->why,
                   "a login of 1 to %d bytes without blanks is "
                   "needed",
                   PH_LOGIN_MAX - 1);
    return err;
}

static void
explain(struct hub_command *command, int err)
{
    const char *what = command->word != NULL ? command->word : "it";

    if (command->why->text[0] != '\0')
        return;
    switch (err) {
    case PH_ERR_NOT_FOUND:
        ph_why_set(command->why, "there is no %s", what);
        break;
    case PH_ERR_EXISTS:
        ph_why_set(command->why, "there is already %s", what);
        break;
    case PH_ERR_BUSY:
        ph_why_set(command->why, "the hub's database is busy; try again");
        break;
    default:
        ph_why_set(command->why, "the hub's database: %s", ph_err_text(err));
        break;
    }
}

int
hub_command_do(struct hub_command *command,
               int (*fn)(struct hub_command *command, void *arg), void *arg,
               const struct hub_act *act)
{
    char actor[HUB_ACTOR_MAX];
    struct hub_act whole;
    int err = hub_store_begin(command->hub->store);

    if (err != PH_OK)
        goto out;
    err = fn(command, arg);
    if (err == PH_OK && act != NULL) {
        hub_audit_actor(actor);
        whole = *act;
        whole.actor = actor;
        err = hub_audit(command->hub, &whole, ph_clock_wall_ms());
    }
    err = hub_store_end(command->hub->store, err);
out:
    if (err != PH_OK)
        explain(command, err);
    return err;
}

int
hub_command_list(struct hub_command *command,
                 int (*fn)(struct hub_command *command, void *list))
{
    json_t *list = command->json ? json_array() : NULL;
    int err = hub_command_do(command, fn, list, NULL);

    if (err == PH_OK && command->json)
        return hub_command_print(list);
    json_decref(list);
    return err;
}

int
hub_command_print(json_t *value)
{
    struct ph_buf text;
    int err = PH_ERR_NOMEM;

    ph_buf_init(&text, 64 * 1024 * 1024);
    if (value != NULL)
        err = ph_json_put(value, &text);
    if (err == PH_OK && (fwrite(text.data, 1, text.len, stdout) != text.len ||
                         fputc('\n', stdout) == EOF || fflush(stdout) != 0))
        err = PH_ERR_IO;
    ph_buf_close(&text);
    json_decref(value);
    return err;
}

json_t *
hub_json_time(int64_t at_ms)
{
    char text[PH_TIME_TEXT];

    if (at_ms == 0)
        return json_null();
    ph_clock_format(at_ms, text);
    return json_string(text);
}
