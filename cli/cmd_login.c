#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "print.h"
#include "printhold/base/err.h"
#include "printhold/base/secret_file.h"
#include "printhold/base/typed.h"
#include "printhold/base/wipe.h"

static int
on_item(const void *body, size_t len, void *arg)
{
    const bool *json = arg;
    struct ph_control_bound bound;
    int err = ph_control_bound_parse(body, len, &bound);

    if (err != PH_OK)
        return err;
    if (*json) {
        (void)fwrite(body, 1, len, stdout);
        (void)fputc('\n', stdout);
        return PH_OK;
    }
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
    bool json = (line->options & PH_OPTION_JSON) != 0;
    struct ph_client client;
    struct ph_why why = {""};
    int err = take_line(line, &request.login, &why);

    if (err != PH_OK) {
        ph_wipe(&request, sizeof(request));
        ph_command_complain(&why);
        return PH_EXIT_USAGE;
    }
    err = ph_client_open(&client, &why);
    if (err == PH_OK) {
        err = ph_client_ask(&client, &request, on_item, &json, &why);
        ph_client_close(&client);
    }
    ph_wipe(&request, sizeof(request));
    if (err != PH_OK)
        ph_command_complain(&why);
    /* That this computer is nobody yet is no job that a printer holds. */
    return err == PH_ERR_STATE ? PH_EXIT_FAILURE : ph_command_exit_code(err);
}
