#include "init.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "printhold/base/as_owner.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"

#define SECRET_MODE 0600
#define PUBLIC_MODE 0644

static int
write_file(int dir_fd, const char *name, const struct ph_buf *bytes,
           mode_t mode, struct ph_why *why)
{
    int err = ph_io_write_file(dir_fd, name, bytes->data, bytes->len, mode);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot write %s: %s", name,
                           ph_err_text(err));
    return PH_OK;
}

static int
write_random(int dir_fd, const char *name, struct ph_why *why)
{
    uint8_t key[HUB_KEY_BYTES];
    int err = ph_random(key, sizeof(key));

    if (err == PH_OK)
        err = ph_io_write_file(dir_fd, name, key, sizeof(key), SECRET_MODE);
    ph_wipe(key, sizeof(key));
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot write %s: %s", name,
                           ph_err_text(err));
    return PH_OK;
}

/* --- the authority --- */

static int
make_authority(const struct hub_init *init, struct ph_buf *cert,
               struct ph_buf *key, struct ph_why *why)
{
    int err = ph_p256_key_make(key);

    if (err == PH_OK)
        err = ph_ca_make(key, init->tenant, ph_clock_wall_ms(), HUB_CA_LIFE_S,
                         cert);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot make the authority: %s",
                           ph_err_text(err));
    return PH_OK;
}

static int
read_authority(const struct hub_init *init, struct ph_buf *cert,
               struct ph_buf *key, struct ph_why *why)
{
    struct ph_ca *ca = NULL;
    int err = ph_io_read_file(AT_FDCWD, init->ca_cert, PH_CA_FILE_MAX, cert);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read %s: %s", init->ca_cert,
                           ph_err_text(err));
    err = ph_io_read_file(AT_FDCWD, init->ca_key, PH_CA_FILE_MAX, key);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read %s: %s", init->ca_key,
                           ph_err_text(err));
    err = ph_ca_new(cert, key, &ca, why);
    if (err == PH_OK && ph_ca_not_after_ms(ca) <= ph_clock_wall_ms())
        err = ph_why_fail(why, PH_ERR_EXPIRED, "%s has expired", init->ca_cert);
    ph_ca_free(ca);
    return err;
}

static int
write_authority(const struct hub_init *init, int dir_fd, struct ph_why *why)
{
    struct ph_buf cert, key;
    int err;

    ph_buf_init(&cert, PH_CA_FILE_MAX);
    ph_buf_init(&key, PH_CA_FILE_MAX);
    err = init->ca_cert == NULL ? make_authority(init, &cert, &key, why)
                                : read_authority(init, &cert, &key, why);
    if (err == PH_OK)
        err = write_file(dir_fd, "ca.key", &key, SECRET_MODE, why);
    if (err == PH_OK)
        err = write_file(dir_fd, "ca.crt", &cert, PUBLIC_MODE, why);
    ph_buf_close(&cert);
    ph_buf_close(&key);
    return err;
}

static int
write_issuer(int dir_fd, struct ph_why *why)
{
    struct ph_buf key, public;
    int err;

    ph_buf_init(&key, HUB_FILE_MAX);
    ph_buf_init(&public, HUB_FILE_MAX);
    err = ph_p256_key_make(&key);
    if (err == PH_OK)
        err = ph_p256_key_public(&key, &public);
    if (err != PH_OK)
        ph_why_set(why, "cannot make the issuer's key: %s", ph_err_text(err));
    if (err == PH_OK)
        err = write_file(dir_fd, "issuer.key", &key, SECRET_MODE, why);
    if (err == PH_OK)
        err = write_file(dir_fd, "issuer.pub", &public, PUBLIC_MODE, why);
    ph_buf_close(&key);
    ph_buf_close(&public);
    return err;
}

/* --- the hub's own certificate --- */

static int
sign_own(const struct hub *hub, const struct ph_buf *key, struct ph_buf *cert,
         struct ph_why *why)
{
    const struct ph_cert_order order = {
        .kind = PH_IDENTITY_SERVICE,
        .tenant = hub->tenant.tenant,
        .id = HUB_SERVICE_ID,
        .host = hub->tenant.host,
        .now_ms = ph_clock_wall_ms(),
        .life_s = HUB_SERVICE_LIFE_S,
    };
    uint8_t spki[PH_P256_SPKI_BYTES];
    struct ph_cert_facts facts;
    int err = ph_p256_key_spki(key, spki);

    if (err == PH_OK)
        err = ph_ca_sign(hub->ca, spki, &order, cert, &facts, why);
    if (err == PH_OK) /* who comes to enrol knows the authority by its key */
        err = ph_buf_put(cert, hub->chain.data, hub->chain.len);
    return err;
}

/* Certificate and key are two files: the certificate is written last, and a
 * pair that does not match is made anew. */
static int
write_own(const struct hub *hub, int dir_fd, struct ph_why *why)
{
    struct ph_buf key, cert;
    int err;

    ph_buf_init(&key, HUB_FILE_MAX);
    ph_buf_init(&cert, 2 * PH_CA_FILE_MAX);
    err = ph_p256_key_make(&key);
    if (err == PH_OK)
        err = sign_own(hub, &key, &cert, why);
    if (err != PH_OK && why->text[0] == '\0')
        ph_why_set(why, "cannot make the hub's certificate: %s",
                   ph_err_text(err));
    if (err == PH_OK)
        err = write_file(dir_fd, "hub.key", &key, SECRET_MODE, why);
    if (err == PH_OK)
        err = write_file(dir_fd, "hub.crt", &cert, PUBLIC_MODE, why);
    ph_buf_close(&key);
    ph_buf_close(&cert);
    return err;
}

/* Is it there, ours, for the key beside it, and in the
 * first two thirds of its life? */
static bool
own_is_fresh(int dir_fd, const struct hub *hub)
{
    struct ph_cert_facts facts;
    struct ph_buf cert, key;
    bool fresh = false;

    if (ph_io_read_file(dir_fd, "hub.crt", 2 * PH_CA_FILE_MAX, &cert) != PH_OK)
        return false;
    if (ph_io_read_file(dir_fd, "hub.key", HUB_FILE_MAX, &key) == PH_OK) {
        fresh = ph_cert_read(&cert, &hub->chain, &facts, NULL) == PH_OK &&
                ph_cert_has_key(&cert, &key) &&
                facts.identity.not_after_ms - ph_clock_wall_ms() >
                    HUB_SERVICE_LIFE_S * 1000 / 3;
        ph_buf_close(&key);
    }
    ph_buf_close(&cert);
    return fresh;
}

int
hub_renew_own(struct hub *hub, bool *out_renewed, struct ph_why *why)
{
    int dir_fd = -1;
    int err = ph_io_open_dir(hub->dir, false, 0, &dir_fd, why);

    if (err != PH_OK)
        return err;
    *out_renewed = !own_is_fresh(dir_fd, hub);
    if (*out_renewed)
        err = write_own(hub, dir_fd, why);
    ph_io_close(&dir_fd);
    return err;
}

/* --- the store --- */

static int
add_administrator(struct hub *hub, const char *login, int64_t now_ms)
{
    struct hub_person person = {.is_administrator = true, .made_ms = now_ms};
    int err = ph_login_normalise(login, person.login);

    if (err == PH_OK)
        err = ph_identity_user_key(hub->directory_key, HUB_KEY_BYTES,
                                   person.login, person.uk);
    if (err == PH_OK)
        err = hub_person_add(hub->store, &person);
    return err;
}

static int
fill_store(struct hub *hub, const struct hub_init *init)
{
    const int64_t now_ms = ph_clock_wall_ms();
    char actor[HUB_ACTOR_MAX];
    const struct hub_act act = {.actor = actor,
                                .act = "init",
                                .object = init->tenant,
                                .detail = init->ca_cert != NULL
                                              ? "an authority that existed"
                                              : "a new authority"};
    int err = hub_store_begin(hub->store);

    if (err != PH_OK)
        return err;
    hub_audit_actor(actor);
    err = hub_tenant_add(hub->store, &hub->tenant);
    if (err == PH_OK && init->admin != NULL)
        err = add_administrator(hub, init->admin, now_ms);
    if (err == PH_OK)
        err = hub_audit(hub, &act, now_ms);
    return hub_store_end(hub->store, err);
}

static int
check(const struct hub_init *init, struct ph_why *why)
{
    char uri[160], login[PH_LOGIN_MAX];
    struct ph_identity identity;

    if (init->tenant == NULL || init->host == NULL)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "init needs --tenant and --name");
    (void)snprintf(uri, sizeof(uri), "urn:printhold:%.60s:svc:hub",
                   init->tenant);
    if (ph_identity_parse_uri(uri, &identity) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the tenant must be of a-z, 0-9 and -, at most %d "
                           "of them",
                           PH_TENANT_MAX - 1);
    if (!ph_ca_host_is_fit(init->host))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--name must be the DNS name or the address at "
                           "which devices reach the hub");
    if ((init->ca_cert == NULL) != (init->ca_key == NULL))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--ca-cert and --ca-key go together");
    if (init->admin != NULL && ph_login_normalise(init->admin, login) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--admin must be a login without blanks");
    return PH_OK;
}

/* The directory of an interrupted init has no tenant yet: go on there. */
static int
refuse_existing(const char *dir, int dir_fd, struct ph_why *why)
{
    struct hub_store *store = NULL;
    struct hub_tenant tenant;
    struct ph_why ignored;
    int err = PH_ERR_NOT_FOUND;

    if (faccessat(dir_fd, "hub.db", F_OK, 0) != 0)
        return PH_OK;
    if (hub_store_open(dir, &store, why) != PH_OK)
        return PH_ERR_EXISTS;
    err = hub_store_tenant(store, &tenant, &ignored);
    hub_store_close(store);
    if (err == PH_ERR_NOT_FOUND)
        return PH_OK;
    return ph_why_fail(why, PH_ERR_EXISTS, "there is a hub in %s already", dir);
}

static int
fill_dir(struct hub *hub, const struct hub_init *init, int dir_fd,
         struct ph_why *why)
{
    int err = write_authority(init, dir_fd, why);

    if (err == PH_OK)
        err = write_issuer(dir_fd, why);
    if (err == PH_OK)
        err = write_random(dir_fd, "directory.key", why);
    if (err == PH_OK)
        err = write_random(dir_fd, "pepper.key", why);
    if (err == PH_OK)
        err = hub_load_keys(hub, dir_fd, why);
    if (err == PH_OK)
        err = write_own(hub, dir_fd, why);
    if (err == PH_OK)
        err = hub_store_open(init->dir, &hub->store, why);
    if (err != PH_OK)
        return err;
    err = fill_store(hub, init);
    if (err != PH_OK)
        ph_why_set(why, "cannot write the hub's database: %s",
                   ph_err_text(err));
    return err;
}

int
hub_init(const struct hub_init *init, struct ph_why *why)
{
    struct hub hub;
    int dir_fd = -1, err = check(init, why);

    if (err != PH_OK)
        return err;
    hub_blank(&hub, init->dir);
    (void)snprintf(hub.tenant.tenant, sizeof(hub.tenant.tenant), "%s",
                   init->tenant);
    (void)snprintf(hub.tenant.host, sizeof(hub.tenant.host), "%s", init->host);
    (void)snprintf(hub.tenant.issuer, sizeof(hub.tenant.issuer), "https://%s",
                   init->host);
    hub.tenant.made_ms = ph_clock_wall_ms();
    err = ph_io_open_dir(init->dir, true, 0700, &dir_fd, why);
    if (err == PH_OK)
        err = ph_act_as_owner(dir_fd, init->dir, why);
    if (err == PH_OK) {
        err = ph_io_lock(dir_fd);
        if (err != PH_OK)
            ph_why_set(why, "%s is in use", init->dir);
    }
    if (err == PH_OK)
        err = refuse_existing(init->dir, dir_fd, why);
    if (err == PH_OK)
        err = fill_dir(&hub, init, dir_fd, why);
    hub_close(&hub);
    ph_io_close(&dir_fd);
    return err;
}
