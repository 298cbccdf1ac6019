#include "hub.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "issuer.h"
#include "printhold/base/as_owner.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/kdf.h"

void
hub_path(const struct hub *hub, const char *name, char *dst, size_t cap)
{
    (void)snprintf(dst, cap, "%s/%s", hub->dir, name);
}

static int
read_file(int dir_fd, const char *dir, const char *name, struct ph_buf *out_buf,
          struct ph_why *why)
{
    int err = ph_io_read_file(dir_fd, name, HUB_FILE_MAX, out_buf);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read %s/%s: %s", dir, name,
                           ph_err_text(err));
    return PH_OK;
}

static int
read_secret(int dir_fd, const char *dir, const char *name,
            uint8_t out_key[HUB_KEY_BYTES], struct ph_why *why)
{
    struct ph_buf buf;
    int err = read_file(dir_fd, dir, name, &buf, why);

    if (err == PH_OK && buf.len != HUB_KEY_BYTES)
        err = ph_why_fail(why, PH_ERR_CORRUPT, "%s/%s must have %d bytes", dir,
                          name, HUB_KEY_BYTES);
    if (err == PH_OK)
        memcpy(out_key, buf.data, HUB_KEY_BYTES);
    if (err == PH_OK || err == PH_ERR_CORRUPT)
        ph_buf_close(&buf);
    return err;
}

static int
load_authority(struct hub *hub, int dir_fd, struct ph_why *why)
{
    struct ph_buf key;
    int err = read_file(dir_fd, hub->dir, "ca.crt", &hub->chain, why);

    if (err == PH_OK)
        err = read_file(dir_fd, hub->dir, "ca.key", &key, why);
    if (err != PH_OK)
        return err;
    err = ph_ca_new(&hub->chain, &key, &hub->ca, why);
    ph_buf_close(&key);
    return err;
}

/* Those that are in force can be read. */
static int
load_issuer(struct hub *hub, struct ph_why *why)
{
    struct hub_issuer_now now;
    int err = hub_store_begin_read(hub->store);

    if (err == PH_OK)
        err = hub_store_end(hub->store, hub_issuer_now(hub, &now, why));
    return err;
}

int
hub_load_keys(struct hub *hub, int dir_fd, struct ph_why *why)
{
    int err = load_authority(hub, dir_fd, why);

    if (err == PH_OK)
        err = read_secret(dir_fd, hub->dir, "directory.key", hub->directory_key,
                          why);
    if (err == PH_OK)
        err = read_secret(dir_fd, hub->dir, "pepper.key", hub->pepper, why);
    return err;
}

void
hub_blank(struct hub *hub, const char *dir)
{
    memset(hub, 0, sizeof(*hub));
    (void)snprintf(hub->dir, sizeof(hub->dir), "%s", dir);
    ph_buf_init(&hub->chain, HUB_FILE_MAX);
}

int
hub_open(const char *dir, const struct hub_config *config, struct hub *hub,
         struct ph_why *why)
{
    int dir_fd = -1, err;

    hub_blank(hub, dir);
    hub->config = config;
    err = ph_io_open_dir(dir, false, 0, &dir_fd, why);
    if (err == PH_OK)
        err = ph_act_as_owner(dir_fd, dir, why);
    if (err == PH_OK && faccessat(dir_fd, "hub.db", F_OK, 0) != 0)
        err = PH_ERR_NOT_FOUND;
    if (err == PH_ERR_NOT_FOUND)
        ph_why_set(why, "there is no hub in %s; run printhold-hub init", dir);
    if (err == PH_OK)
        err = hub_load_keys(hub, dir_fd, why);
    if (err == PH_OK)
        err = hub_store_open(dir, &hub->store, why);
    if (err == PH_OK)
        err = hub_store_tenant(hub->store, &hub->tenant, why);
    if (err == PH_OK)
        err = load_issuer(hub, why);
    ph_io_close(&dir_fd);
    if (err != PH_OK)
        hub_close(hub);
    return err;
}

void
hub_close(struct hub *hub)
{
    hub_store_close(hub->store);
    ph_ca_free(hub->ca);
    hub_issuer_close(hub);
    ph_buf_close(&hub->chain);
    ph_wipe(hub, sizeof(*hub));
}

int
hub_pepper(const struct hub *hub, const char *kind, const void *secret,
           size_t len, uint8_t out_mac[32])
{
    uint8_t key[PH_SHA256_BYTES];
    int err = ph_hkdf_label(hub->pepper, "printhold-hub", 13, kind, key);

    if (err == PH_OK)
        err = ph_hmac_sha256(key, sizeof(key), secret, len, out_mac);
    ph_wipe(key, sizeof(key));
    return err;
}
