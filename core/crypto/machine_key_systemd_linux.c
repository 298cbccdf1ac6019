/*
 * The levels host and tpm2: the key is an encrypted credential of systemd.
 *
 * The file is what systemd-creds(1) wrote. As a service we never open it: the
 * unit's LoadCredentialEncrypted= does, and hands the key over in a directory
 * that only this service sees and that never reaches a disk. We read the
 * file's header alone, so that a file under a weaker key than configured is
 * refused. Making and rotating the key takes root, because only root may ask
 * the TPM and read the system's secret.
 */
#include "machine_key_level.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "credential_header.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "systemd_creds_linux.h"

/* Bound into the credential by systemd: under another name it is refused. */
#define NAME     "printhold.machine-key"
#define BLOB_MAX (16 * 1024)

/* A file under the TPM is more than level host asks for, and fine. */
static int
check_kind(const struct ph_machine_key_level *level, const char *source,
           const struct ph_buf *blob, struct ph_why *why)
{
    struct ph_credential_kind kind;
    int err = ph_credential_header_parse(blob->data, blob->len, &kind);
    bool enough;

    if (err == PH_ERR_UNSUPPORTED)
        return ph_why_fail(why, err,
                           "the machine key %s is encrypted under a kind of "
                           "key that this version does not know; make it with "
                           "systemd-creds encrypt --with-key=%s",
                           source, level->name);
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the machine key %s is not an encrypted credential "
                           "of systemd-creds; restore it from the backup, or "
                           "set [keys] level to what it is",
                           source);
    enough = kind.tpm2 || (kind.host && strcmp(level->name, "host") == 0);
    if (!enough)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the machine key %s is protected by \"%s\", which "
                           "is weaker than [keys] level = %s; rotate it at "
                           "that level, or say the weaker one openly",
                           source, kind.name, level->name);
    return PH_OK;
}

/* The encrypted file, known to be protected as the level says. */
static int
read_blob(const struct ph_machine_key_level *level, const char *source,
          struct ph_buf *out_blob, struct ph_why *why)
{
    int err = ph_io_read_file(AT_FDCWD, source, BLOB_MAX, out_blob);

    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "there is no encrypted machine key %s; restore it, "
                           "or make the first one with 'printhold-agent key "
                           "init' as root",
                           source);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "cannot read the encrypted machine key %s: %s",
                           source, ph_err_text(err));
    err = check_kind(level, source, out_blob, why);
    if (err != PH_OK)
        ph_buf_close(out_blob);
    return err;
}

static int
read_credential(const char *source, uint8_t key[PH_KEY_BYTES],
                struct ph_why *why)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_MAX];
    struct ph_buf buf;
    int err = PH_ERR_NOT_FOUND;

    if (dir != NULL &&
        snprintf(path, sizeof(path), "%s/" NAME, dir) < (int)sizeof(path))
        err = ph_io_read_file(AT_FDCWD, path, BLOB_MAX, &buf);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "systemd handed over no credential " NAME " (%s); "
                           "the agent's unit must have "
                           "LoadCredentialEncrypted=" NAME ":%s",
                           ph_err_text(err), source);
    if (buf.len == PH_KEY_BYTES)
        memcpy(key, buf.data, PH_KEY_BYTES);
    else
        err = ph_why_fail(why, PH_ERR_INVALID,
                          "the credential " NAME " has %zu bytes instead of "
                          "%d; is the unit's LoadCredentialEncrypted= that of "
                          "%s?",
                          buf.len, PH_KEY_BYTES, source);
    ph_buf_close(&buf);
    return err;
}

int
ph_machine_key_systemd_load(PH_MACHINE_KEY_PARAMS)
{
    struct ph_buf blob;
    int err = read_blob(level, source, &blob, why);

    if (err != PH_OK)
        return err;
    ph_buf_close(&blob);
    return read_credential(source, key, why);
}

static int
need_root(const struct ph_machine_key_level *level, struct ph_why *why)
{
    if (getuid() == 0)
        return PH_OK;
    return ph_why_fail(why, PH_ERR_DENIED,
                       "the machine key at level %s can be made and changed by "
                       "root only; run this as root",
                       level->name);
}

static int
explain(const struct ph_machine_key_level *level, int err, const char *verb,
        const char *source, struct ph_why *why)
{
    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "[keys] level = %s needs " PH_SYSTEMD_CREDS
                           ", which is not there; install systemd 250 or "
                           "later, or choose another level",
                           level->name);
    return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                       "systemd-creds cannot %s the machine key %s with the "
                       "key \"%s\" (%s)%s",
                       verb, source, level->name, ph_err_text(err),
                       strcmp(level->name, "tpm2") == 0
                           ? "; is there a TPM 2.0 in this computer?"
                           : "; see what it says above");
}

int
ph_machine_key_systemd_unlock(PH_MACHINE_KEY_PARAMS)
{
    static const char *const options[2] = {"--name=" NAME, "--newline=no"};
    struct ph_buf blob, plain;
    int err = need_root(level, why);

    if (err == PH_OK)
        err = read_blob(level, source, &blob, why);
    if (err != PH_OK)
        return err;
    ph_buf_init(&plain, PH_KEY_BYTES + 1);
    err = ph_systemd_creds("decrypt", options, blob.data, blob.len, &plain);
    if (err != PH_OK)
        err = explain(level, err, "decrypt", source, why);
    else if (plain.len != PH_KEY_BYTES)
        err = ph_why_fail(why, PH_ERR_INVALID,
                          "the machine key in %s does not have %d bytes; "
                          "restore it from the backup",
                          source, PH_KEY_BYTES);
    else
        memcpy(key, plain.data, PH_KEY_BYTES);
    ph_buf_close(&plain);
    ph_buf_close(&blob);
    return err;
}

int
ph_machine_key_systemd_store(PH_MACHINE_KEY_STORE_PARAMS)
{
    const char *const options[2] = {
        "--name=" NAME, strcmp(level->name, "tpm2") == 0 ? "--with-key=tpm2"
                                                         : "--with-key=host"};
    struct ph_buf blob;
    int64_t since_ms;
    int err = need_root(level, why);

    if (err != PH_OK)
        return err;
    ph_buf_init(&blob, BLOB_MAX);
    /* Do not bother the TPM for a key that would not be kept. */
    if (ph_machine_key_file_find(source, &since_ms) != PH_OK) {
        err = ph_systemd_creds("encrypt", options, key, PH_KEY_BYTES, &blob);
        if (err != PH_OK)
            err = explain(level, err, "encrypt", source, why);
        else
            err = check_kind(level, source, &blob, why);
    }
    if (err == PH_OK)
        err = ph_machine_key_file_put(source, blob.data, blob.len, why);
    ph_buf_close(&blob);
    return err;
}
