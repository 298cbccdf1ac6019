/* printhold-hub pin ..., password ..., code ... */
#include "cmd_sign_in.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/typed.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/password.h"
#include "printhold/model/pin.h"
#include "printhold/proto/code.h"
#include "sign_in.h"
#include "store_sessions.h"

#define YEAR_S       (UINT64_C(366) * 86400)
#define CODE_LIFE_MS (15 * 60 * 1000)
#define TRIES        20 /* to find one that nobody has */

/* --- PINs --- */

static int
take_life(struct hub_command *command, int64_t now_ms, int64_t *out_expires_ms)
{
    const char *life = hub_command_value(command, HUB_OPTION_LIFE, NULL);
    uint64_t life_s;

    *out_expires_ms = 0;
    if (life == NULL)
        return PH_OK;
    if (ph_parse_duration_s(life, 60, 10 * YEAR_S, &life_s) != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--life is 60s to 3660d");
    *out_expires_ms = now_ms + (int64_t)life_s * 1000;
    return PH_OK;
}

static int
fill_pin(struct hub_command *command, const char *digits, struct hub_pin *pin)
{
    int err = hub_mac_pin(command->hub, pin->login, digits, pin->mac);

    pin->is_alone =
        hub_command_value(command, HUB_OPTION_WITH_BADGE, NULL) == NULL;
    if (err == PH_OK && pin->is_alone)
        err = hub_mac_pin_alone(command->hub, digits, pin->alone_mac);
    return err;
}

/* With the old secret nobody goes on. */
static int
do_pin_set(struct hub_command *command, void *arg)
{
    const struct hub_pin *pin = arg;
    struct hub_store *store = command->hub->store;
    struct hub_person person;
    int err = hub_person_get(store, pin->login, &person);

    if (err == PH_OK)
        err = hub_pin_set(store, pin);
    return err == PH_OK ? hub_sessions_end(store, pin->login) : err;
}

static int
begin_pin(struct hub_command *command, const char *how, struct hub_pin *pin)
{
    int err = hub_command_login(command, command->word, pin->login);

    pin->made_ms = ph_clock_wall_ms();
    (void)snprintf(pin->how, sizeof(pin->how), "%s", how);
    return err == PH_OK ? take_life(command, pin->made_ms, &pin->expires_ms)
                        : err;
}

int
hub_cmd_pin_set(struct hub_command *command)
{
    const char *file = hub_command_value(command, HUB_OPTION_FILE, NULL);
    char digits[64];
    struct hub_pin pin = {.login = ""};
    const struct hub_act act = {
        .act = "pin.set", .object = pin.login, .detail = pin.how};
    int err = begin_pin(command, "administrator", &pin);

    if (err == PH_OK)
        err = ph_typed_read(file, "New PIN: ", digits, sizeof(digits),
                            command->why);
    if (err == PH_OK)
        err = ph_pin_choose(digits, command->hub->config->pin_digits_min,
                            command->why);
    if (err == PH_OK)
        err = fill_pin(command, digits, &pin);
    ph_wipe(digits, sizeof(digits));
    if (err == PH_OK)
        err = hub_command_do(command, do_pin_set, &pin, &act);
    if (err == PH_ERR_EXISTS)
        ph_why_set(command->why, "that PIN cannot be used; choose another");
    return err;
}

/* What was made is shown once, here, and kept nowhere. */
static int
show_made(struct hub_command *command, const char *what, const char *secret,
          int64_t expires_ms)
{
    if (command->json)
        return hub_command_print(json_pack("{ss so}", what, secret, "expires",
                                           hub_json_time(expires_ms)));
    (void)printf("%s\n", secret);
    return PH_OK;
}

int
hub_cmd_pin_make(struct hub_command *command)
{
    char digits[PH_PIN_TEXT];
    struct hub_pin pin = {.login = ""};
    const struct hub_act act = {
        .act = "pin.set", .object = pin.login, .detail = pin.how};
    int err = begin_pin(command, "generated", &pin);

    if (err != PH_OK)
        return err;
    err = PH_ERR_EXISTS;
    for (int i = 0; err == PH_ERR_EXISTS && i < TRIES; i++) {
        err = ph_pin_make(command->hub->config->pin_digits, digits);
        if (err == PH_OK)
            err = fill_pin(command, digits, &pin);
        if (err == PH_OK)
            err = hub_command_do(command, do_pin_set, &pin, &act);
    }
    if (err == PH_OK)
        err = show_made(command, "pin", digits, pin.expires_ms);
    else if (err == PH_ERR_EXISTS)
        ph_why_set(command->why,
                   "too many PINs of %d digits are in use; set "
                   "sign-in.pin_digits higher",
                   (int)command->hub->config->pin_digits);
    ph_wipe(digits, sizeof(digits));
    return err;
}

static int
do_pin_remove(struct hub_command *command, void *arg)
{
    int err = hub_pin_remove(command->hub->store, arg);

    return err == PH_OK ? hub_sessions_end(command->hub->store, arg) : err;
}

static int
remove_of(struct hub_command *command, const char *what,
          int (*fn)(struct hub_command *command, void *arg))
{
    char login[PH_LOGIN_MAX];
    const struct hub_act act = {.act = what, .object = login, .detail = ""};
    int err = hub_command_login(command, command->word, login);

    return err == PH_OK ? hub_command_do(command, fn, login, &act) : err;
}

int
hub_cmd_pin_remove(struct hub_command *command)
{
    return remove_of(command, "pin.remove", do_pin_remove);
}

/* --- passwords --- */

struct new_password {
    char login[PH_LOGIN_MAX];
    char kept[PH_PASSWORD_TEXT];
};

static int
do_password_set(struct hub_command *command, void *arg)
{
    const struct new_password *fresh = arg;
    struct hub_store *store = command->hub->store;
    struct hub_person person;
    int err = hub_person_get(store, fresh->login, &person);

    if (err == PH_OK)
        err = hub_password_set(store, fresh->login, fresh->kept,
                               ph_clock_wall_ms());
    return err == PH_OK ? hub_sessions_end(store, fresh->login) : err;
}

int
hub_cmd_password_set(struct hub_command *command)
{
    static const struct ph_password_cost cost = PH_PASSWORD_COST;
    const char *file = hub_command_value(command, HUB_OPTION_FILE, NULL);
    char password[PH_PASSWORD_MAX + 1];
    struct new_password fresh;
    const struct hub_act act = {
        .act = "password.set", .object = fresh.login, .detail = ""};
    int err = hub_command_login(command, command->word, fresh.login);

    if (err == PH_OK)
        err = ph_typed_read(file, "New password: ", password, sizeof(password),
                            command->why);
    if (err == PH_OK && strlen(password) < 8)
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "a password has at least 8 characters");
    if (err == PH_OK)
        err = ph_password_keep(password, strlen(password), &cost, fresh.kept);
    ph_wipe(password, sizeof(password));
    if (err == PH_OK)
        err = hub_command_do(command, do_password_set, &fresh, &act);
    ph_wipe(&fresh, sizeof(fresh));
    return err;
}

static int
do_password_remove(struct hub_command *command, void *arg)
{
    int err = hub_password_remove(command->hub->store, arg);

    return err == PH_OK ? hub_sessions_end(command->hub->store, arg) : err;
}

int
hub_cmd_password_remove(struct hub_command *command)
{
    return remove_of(command, "password.remove", do_password_remove);
}

/* --- codes --- */

struct new_code {
    char login[PH_LOGIN_MAX];
    uint8_t mac[HUB_MAC_BYTES];
    int64_t now_ms;
};

static int
do_code_add(struct hub_command *command, void *arg)
{
    const struct new_code *fresh = arg;
    struct hub_person person;
    int err = hub_person_get(command->hub->store, fresh->login, &person);

    if (err == PH_OK)
        err = hub_code_add(command->hub->store, fresh->mac, fresh->login,
                           fresh->now_ms, fresh->now_ms + CODE_LIFE_MS);
    return err;
}

/* Eight digits, each as likely as another. */
static int
make_code(char code[PH_CODE_TEXT])
{
    char digits[PH_CODE_TEXT];

    for (size_t i = 0; i < PH_CODE_DIGITS; i++) {
        int err = ph_pin_digit(&digits[i]);

        if (err != PH_OK)
            return err;
    }
    digits[PH_CODE_DIGITS] = '\0';
    memcpy(code, digits, sizeof(digits));
    ph_wipe(digits, sizeof(digits));
    return PH_OK;
}

int
hub_cmd_code_make(struct hub_command *command)
{
    char code[PH_CODE_TEXT], shown[PH_CODE_SHOWN];
    struct new_code fresh = {.now_ms = ph_clock_wall_ms()};
    const struct hub_act act = {
        .act = "code.make", .object = fresh.login, .detail = ""};
    int err = hub_command_login(command, command->word, fresh.login);

    if (err != PH_OK)
        return err;
    err = PH_ERR_EXISTS;
    for (int i = 0; err == PH_ERR_EXISTS && i < TRIES; i++) {
        err = make_code(code);
        if (err == PH_OK)
            err = hub_mac_code(command->hub, code, fresh.mac);
        if (err == PH_OK)
            err = hub_command_do(command, do_code_add, &fresh, &act);
    }
    if (err == PH_OK) {
        ph_code_show(code, shown);
        err = show_made(command, "code", command->json ? code : shown,
                        fresh.now_ms + CODE_LIFE_MS);
    }
    ph_wipe(code, sizeof(code));
    ph_wipe(shown, sizeof(shown));
    return err;
}

static int
do_code_remove(struct hub_command *command, void *arg)
{
    return hub_code_remove(command->hub->store, arg);
}

int
hub_cmd_code_remove(struct hub_command *command)
{
    return remove_of(command, "code.remove", do_code_remove);
}
