#include "enrol_take.h"

#include <string.h>

#include <fcntl.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/secret_file.h"

static int
take_text(char *dst, size_t cap, const char *text, const char *what,
          struct ph_why *why)
{
    if (strlen(text) >= cap)
        return ph_why_fail(why, PH_ERR_INVALID, "the %s is too long", what);
    memcpy(dst, text, strlen(text) + 1);
    return PH_OK;
}

static int
take_ca(struct ph_control_enrol *enrol, const char *path, struct ph_why *why)
{
    struct ph_buf pem;
    int err = ph_io_read_file(AT_FDCWD, path, sizeof(enrol->ca) - 1, &pem);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read %s: %s", path,
                           ph_err_text(err));
    memcpy(enrol->ca, pem.data, pem.len);
    enrol->ca[pem.len] = '\0';
    ph_buf_close(&pem);
    return PH_OK;
}

int
ph_enrol_take_hub(struct ph_control_enrol *enrol, const char *server,
                  const char *pin, const char *ca_file, struct ph_why *why)
{
    int err =
        take_text(enrol->server, sizeof(enrol->server), server, "server", why);

    if (err == PH_OK && pin != NULL)
        err = take_text(enrol->pin, sizeof(enrol->pin), pin, "pin", why);
    if (err == PH_OK && ca_file != NULL && ca_file[0] != '\0')
        err = take_ca(enrol, ca_file, why);
    return err;
}

int
ph_enrol_take_token(struct ph_control_enrol *enrol, const char *path,
                    struct ph_why *why)
{
    struct ph_buf secret;
    int err = ph_secret_read(path, &secret, why);

    if (err != PH_OK)
        return err;
    if (secret.len >= sizeof(enrol->token)) {
        err = ph_why_fail(why, PH_ERR_INVALID, "%s has no token", path);
    } else {
        memcpy(enrol->token, secret.data, secret.len);
        enrol->token[secret.len] = '\0';
    }
    ph_buf_close(&secret);
    return err;
}
