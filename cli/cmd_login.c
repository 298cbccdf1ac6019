#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "print.h"
#include "printhold/base/err.h"
#include "printhold/base/secret_file.h"
#include "printhold/base/typed.h"
#include "printhold/base/wipe.h"

static int
on_item(const void *body, size_t len, bool as_it_is)
{
    struct ph_control_bound bound;
    int err = ph_control_bound_parse(body, len, &bound);

    if (err != PH_OK || as_it_is)
        return err;
    ph_print_fact(stdout, "Login", bound.login);
    ph_print_fact(stdout, "Name", bound.name);
    ph_print_fact(stdout, "Workstation", bound.workstation);
    (void)printf("\nSign in at a printer to get what this computer holds for "
                 "you.\n");
    return PH_OK;
}

static int
take_file(const char *path, struct ph_control_login *login, struct ph_why *why)
{
    struct ph_buf secret;
    int err = ph_secret_read(path, &secret, why);

    if (err != PH_OK)
        return err;
    if (secret.len >= sizeof(login->password))
        err = ph_why_fail(why, PH_ERR_INVALID, "%s has no password", path);
    else
        memcpy(login->password, secret.data, secret.len);
    ph_buf_close(&secret);
    return err;
}

static int
take_line(const struct ph_command_line *line, struct ph_control_login *login,
          struct ph_why *why)
{
    const char *path = line->password_file;

    if (line->login != NULL &&
        ph_login_normalise(line->login, login->login) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "a login is one word, like ann@example.com");
    if (path != NULL && strcmp(path, "-") != 0)
        return take_file(path, login, why);
    return ph_typed_read(NULL, "Password: ", login->password,
                         sizeof(login->password), why);
}

int
ph_cmd_login(const struct ph_command_line *line)
{
    struct ph_control_request request = {.op = PH_CONTROL_LOGIN};
    struct ph_why why = {""};
    int err = take_line(line, &request.login, &why);

    if (err != PH_OK) {
        ph_wipe(&request, sizeof(request));
        ph_command_complain(&why);
        return PH_EXIT_USAGE;
    }
    err = ph_command_ask(line, &request, on_item);
    ph_wipe(&request, sizeof(request));
    /* That this computer is nobody yet is no job that a printer holds. */
    return err == PH_ERR_STATE ? PH_EXIT_FAILURE : ph_command_exit_code(err);
}
