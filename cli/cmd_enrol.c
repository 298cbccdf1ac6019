#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "print.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/secret_file.h"
#include "printhold/base/typed.h"
#include "printhold/base/wipe.h"

static int
on_item(const void *body, size_t len, void *arg)
{
    const bool *json = arg;
    struct ph_control_enrolled enrolled;
    char until[32];
    int err = ph_control_enrolled_parse(body, len, &enrolled);

    if (err != PH_OK)
        return err;
    if (*json) {
        (void)fwrite(body, 1, len, stdout);
        (void)fputc('\n', stdout);
        return PH_OK;
    }
    ph_print_time(enrolled.not_after_ms, until, sizeof(until));
    ph_print_fact(stdout, "Workstation", enrolled.id);
    ph_print_fact(stdout, "Organisation", enrolled.tenant);
    ph_print_fact(stdout, "Hub", enrolled.hub);
    ph_print_fact(stdout, "Certificate", until);
    return PH_OK;
}

static int
take_token(const char *path, struct ph_control_enrol *enrol, struct ph_why *why)
{
    struct ph_buf secret;
    int err;

    if (strcmp(path, "-") == 0)
        return ph_typed_read(NULL, "Token: ", enrol->token,
                             sizeof(enrol->token), why);
    err = ph_secret_read(path, &secret, why);
    if (err != PH_OK)
        return err;
    if (secret.len >= sizeof(enrol->token))
        err = ph_why_fail(why, PH_ERR_INVALID, "%s has no token", path);
    else
        memcpy(enrol->token, secret.data, secret.len);
    ph_buf_close(&secret);
    return err;
}

static int
take_ca(const char *path, struct ph_control_enrol *enrol, struct ph_why *why)
{
    struct ph_buf pem;
    int err = ph_io_read_file(AT_FDCWD, path, sizeof(enrol->ca) - 1, &pem);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read %s: %s", path,
                           ph_err_text(err));
    memcpy(enrol->ca, pem.data, pem.len);
    ph_buf_close(&pem);
    return PH_OK;
}

static int
take_text(const char *text, char *dst, size_t cap, const char *option,
          struct ph_why *why)
{
    if (strlen(text) >= cap)
        return ph_why_fail(why, PH_ERR_INVALID, "%s is too long", option);
    memcpy(dst, text, strlen(text) + 1);
    return PH_OK;
}

static int
take_line(const struct ph_command_line *line, struct ph_control_enrol *enrol,
          struct ph_why *why)
{
    int err;

    if (line->server == NULL || line->token_file == NULL ||
        (line->pin == NULL) == (line->ca == NULL))
        return ph_why_fail(why, PH_ERR_INVALID, "usage: printhold enrol %s",
                           line->command->arguments);
    err = take_text(line->server, enrol->server, sizeof(enrol->server),
                    "--server", why);
    if (err == PH_OK && line->pin != NULL)
        err =
            take_text(line->pin, enrol->pin, sizeof(enrol->pin), "--pin", why);
    if (err == PH_OK && line->ca != NULL)
        err = take_ca(line->ca, enrol, why);
    return err == PH_OK ? take_token(line->token_file, enrol, why) : err;
}

int
ph_cmd_enrol(const struct ph_command_line *line)
{
    struct ph_control_request request = {.op = PH_CONTROL_ENROL};
    bool json = (line->options & PH_OPTION_JSON) != 0;
    struct ph_client client;
    struct ph_why why = {""};
    int err = take_line(line, &request.enrol, &why);

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
    /* A token that is refused is no job that is missing. */
    return err == PH_ERR_DENIED   ? PH_EXIT_DENIED
           : err == PH_ERR_CLOSED ? PH_EXIT_NO_AGENT
           : err == PH_OK         ? PH_EXIT_OK
                                  : PH_EXIT_FAILURE;
}
