#include "denied_store.h"

#include <fcntl.h>
#include <stdio.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/proto/token.h"

void
ph_denied_store_path(const struct ph_config *config,
                     char dst[PH_CONFIG_TEXT_MAX + 32])
{
    (void)snprintf(dst, PH_CONFIG_TEXT_MAX + 32, "%s/" PH_DENIED_STORE_FILE,
                   config->state_dir);
}

int
ph_denied_store_load(const struct ph_config *config, const char *audience,
                     struct ph_denied_message *out_message, struct ph_why *why)
{
    char path[PH_CONFIG_TEXT_MAX + 32];
    struct ph_denied_message message;
    struct ph_why inner = {""};
    struct ph_buf json;
    int err;

    ph_denied_store_path(config, path);
    err = ph_io_read_file(AT_FDCWD, path, PH_TOKEN_DENIED_MAX, &json);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "cannot read the denied printers in %s: %s", path,
                           ph_err_text(err));
    err = ph_denied_message_parse(json.data, json.len, &message, &inner);
    ph_buf_close(&json);
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_CORRUPT, "%s: %s", path, inner.text);
    if (!ph_message_is_for(&message.claims, audience)) {
        ph_denied_free(message.denied);
        return ph_why_fail(why, PH_ERR_NOT_FOUND, "%s is of another tenant",
                           path);
    }
    *out_message = message;
    return PH_OK;
}

int
ph_denied_store_put(const struct ph_config *config, const void *json,
                    size_t len)
{
    int fd = -1;
    int err = ph_io_open_dir(config->state_dir, false, 0700, &fd, NULL);

    if (err == PH_OK)
        err = ph_io_write_file(fd, PH_DENIED_STORE_FILE, json, len, 0600);
    ph_io_close(&fd);
    return err;
}
