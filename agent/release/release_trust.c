#include "release_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "denied_store.h"
#include "issuer_keyset.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

/* --- keys that are replaced while they are used --- */

static struct release_keys *
keys_new(struct ph_jws_keyset *set)
{
    struct release_keys *keys = calloc(1, sizeof(*keys));

    if (keys == NULL) {
        ph_jws_keyset_free(set);
        return NULL;
    }
    keys->set = set;
    atomic_init(&keys->holders, 1);
    return keys;
}

struct release_keys *
release_trust_keys(struct release_trust *trust)
{
    struct release_keys *keys;

    uv_mutex_lock(&trust->lock);
    keys = trust->keys;
    if (keys != NULL)
        atomic_fetch_add(&keys->holders, 1);
    uv_mutex_unlock(&trust->lock);
    return keys;
}

void
release_keys_drop(struct release_keys *keys)
{
    if (keys == NULL || atomic_fetch_sub(&keys->holders, 1) > 1)
        return;
    ph_jws_keyset_free(keys->set);
    free(keys);
}

bool
release_trust_is_denied(struct release_trust *trust,
                        const struct ph_identity *peer)
{
    bool is_denied;

    uv_mutex_lock(&trust->lock);
    is_denied = ph_denied_has(trust->denied, peer);
    uv_mutex_unlock(&trust->lock);
    return is_denied;
}

/* --- files --- */

static const char *
printers_ca(const struct ph_config *config)
{
    return config->printer_ca_file[0] != '\0' ? config->printer_ca_file
                                              : config->ca_file;
}

static const enum release_trust_part part_of[RELEASE_TRUST_FILES] = {
    RELEASE_TRUST_TLS,    RELEASE_TRUST_TLS,    RELEASE_TRUST_TLS,
    RELEASE_TRUST_ISSUER, RELEASE_TRUST_DENIED, RELEASE_TRUST_ISSUER,
    RELEASE_TRUST_DENIED,
};

static void
list_files(const struct release_trust *trust,
           const char *paths[RELEASE_TRUST_FILES])
{
    paths[0] = trust->config.cert_file;
    paths[1] = trust->config.cert_key_file;
    paths[2] = printers_ca(&trust->config);
    paths[3] = trust->config.issuer_key_file;
    paths[4] = trust->denied_path;
    paths[5] = trust->further_path;
    paths[6] = trust->brought_path;
}

static void
take_stamps(const struct release_trust *trust,
            struct ph_file_stamp stamps[RELEASE_TRUST_FILES])
{
    const char *paths[RELEASE_TRUST_FILES];

    list_files(trust, paths);
    for (size_t i = 0; i < RELEASE_TRUST_FILES; i++)
        ph_file_stamp_of_path(paths[i], &stamps[i]);
}

static int
need_file(const char *path, const char *setting, const char *what,
          struct ph_why *why)
{
    if (path[0] != '\0')
        return PH_OK;
    return ph_why_fail(why, PH_ERR_CONFIG,
                       "Printers cannot connect: set %s to %s", setting, what);
}

/* Say which setting the file that failed stands in. */
static int
blame(int err, const char *setting, struct ph_why *why)
{
    struct ph_why inner;

    if (err == PH_OK || why == NULL)
        return err;
    inner = *why;
    return ph_why_fail(why, PH_ERR_CONFIG, "%s (setting %s)", inner.text,
                       setting);
}

static int
read_identity(const struct ph_config *config, struct ph_identity *out_self,
              struct ph_why *why)
{
    int err = need_file(config->cert_file, "identity.cert_file",
                        "the certificate of this computer", why);

    if (err != PH_OK)
        return err;
    err = ph_identity_of_file(config->cert_file, out_self, why);
    if (err != PH_OK)
        return blame(err, "identity.cert_file", why);
    if (out_self->kind != PH_IDENTITY_WORKSTATION)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s (setting identity.cert_file) is not the "
                           "certificate of a workstation",
                           config->cert_file);
    return PH_OK;
}

static int
load_tls(const struct release_trust *trust, struct ph_tls_server **out_tls,
         struct ph_why *why)
{
    const struct ph_config *config = &trust->config;
    const struct ph_tls_options options = {
        .cert_file = config->cert_file,
        .key_file = config->cert_key_file,
        .client_ca_file = printers_ca(config),
        .admit = trust->options.admit,
        .arg = trust->options.arg,
    };
    int err = need_file(options.key_file, "identity.key_file",
                        "the key of this computer's certificate", why);

    if (err == PH_OK)
        err = need_file(options.client_ca_file, "release.printer_ca_file",
                        "the CA of the printers", why);
    if (err != PH_OK)
        return err;
    return blame(ph_tls_server_new(&options, out_tls, why),
                 config->printer_ca_file[0] != '\0'
                     ? "identity.cert_file, identity.key_file or "
                       "release.printer_ca_file"
                     : "identity.cert_file, identity.key_file or "
                       "identity.ca_file",
                 why);
}

/* A certificate of somebody else is a change that needs a person. */
static int
load_tls_again(const struct release_trust *trust,
               struct ph_tls_server **out_tls, struct ph_why *why)
{
    struct ph_identity self;
    int err = read_identity(&trust->config, &self, why);

    if (err != PH_OK)
        return err;
    if (strcmp(self.tenant, trust->self.tenant) != 0 ||
        strcmp(self.id, trust->self.id) != 0)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s (setting identity.cert_file) is now of another "
                           "workstation than %s; restart printhold-agent if "
                           "that is right",
                           trust->config.cert_file, trust->self.id);
    return load_tls(trust, out_tls, why);
}

static int
load_issuer(const struct release_trust *trust, struct ph_jws_keyset **out_keys,
            struct ph_why *why)
{
    const struct ph_config *config = &trust->config;

    if (config->issuer_key_file[0] == '\0')
        return PH_OK; /* nobody can release */
    if (config->issuer[0] == '\0')
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "Set release.issuer to the issuer whose keys are "
                           "in release.issuer_key_file");
    return blame(
        ph_issuer_keyset_load(config, trust->self.tenant, out_keys, NULL, why),
        "release.issuer_key_file", why);
}

/* The two lists, and how many each had. */
struct denied_lists {
    struct ph_denied *all;
    size_t here, brought;
    bool is_here, is_brought; /* there is such a file */
};

/* Only a file that nobody has set may be missing. */
static int
load_denied_file(const struct release_trust *trust, struct denied_lists *lists,
                 struct ph_why *why)
{
    int err = ph_denied_load(trust->denied_path, &lists->all, why);

    lists->is_here = err == PH_OK;
    lists->here = ph_denied_count(lists->all);
    if (err == PH_ERR_NOT_FOUND &&
        trust->config.denied_printers_file[0] == '\0')
        return PH_OK;
    return blame(err, "release.denied_printers_file", why);
}

static int
load_denied_brought(const struct release_trust *trust,
                    struct denied_lists *lists, struct ph_why *why)
{
    struct ph_denied_message message;
    char audience[PH_IDENTITY_MAX];
    int err;

    ph_tenant_audience(trust->self.tenant, audience, sizeof(audience));
    err = ph_denied_store_load(&trust->config, audience, &message, why);
    if (err != PH_OK)
        return err == PH_ERR_NOT_FOUND ? PH_OK : err;
    lists->is_brought = true;
    lists->brought = ph_denied_count(message.denied);
    return ph_denied_join(&lists->all, message.denied);
}

static int
load_denied(const struct release_trust *trust, struct denied_lists *out_lists,
            struct ph_why *why)
{
    struct denied_lists lists = {.all = NULL};
    int err = load_denied_file(trust, &lists, why);

    if (err == PH_OK)
        err = load_denied_brought(trust, &lists, why);
    if (err == PH_OK)
        *out_lists = lists;
    else
        ph_denied_free(lists.all);
    return err;
}

/* --- at start --- */

static int
load_all(struct release_trust *trust, struct ph_why *why)
{
    struct denied_lists lists = {.all = NULL};
    struct ph_jws_keyset *set = NULL;
    int err;

    take_stamps(trust, trust->stamps);
    err = read_identity(&trust->config, &trust->self, why);
    if (err == PH_OK)
        err = load_tls(trust, &trust->tls, why);
    if (err == PH_OK)
        err = load_issuer(trust, &set, why);
    if (err == PH_OK && set != NULL) {
        trust->keys = keys_new(set);
        err = trust->keys != NULL ? PH_OK : PH_ERR_NOMEM;
    }
    if (err == PH_OK)
        err = load_denied(trust, &lists, why);
    if (err == PH_OK) {
        trust->denied = lists.all;
        trust->denied_here = lists.here;
        trust->denied_brought = lists.brought;
    }
    return err;
}

int
release_trust_open(struct release_trust *trust, const struct ph_config *config,
                   const struct release_trust_options *options,
                   struct ph_why *why)
{
    memset(trust, 0, sizeof(*trust));
    if (uv_mutex_init(&trust->lock) != 0)
        abort(); /* no memory for a lock this early */
    trust->config = *config;
    trust->options = *options;
    if (config->denied_printers_file[0] != '\0')
        (void)snprintf(trust->denied_path, sizeof(trust->denied_path), "%s",
                       config->denied_printers_file);
    else
        (void)snprintf(trust->denied_path, sizeof(trust->denied_path),
                       "%s/denied-printers", config->state_dir);
    ph_issuer_keyset_path(config, trust->further_path);
    ph_denied_store_path(config, trust->brought_path);
    return load_all(trust, why);
}

void
release_trust_close(struct release_trust *trust)
{
    ph_tls_server_free(trust->tls);
    release_keys_drop(trust->keys);
    ph_denied_free(trust->denied);
    uv_mutex_destroy(&trust->lock);
}

/* --- again --- */

struct release_trust_check {
    uv_work_t work;
    struct release_trust *trust;
    bool forced;
    struct ph_file_stamp before[RELEASE_TRUST_FILES];
    struct ph_file_stamp now[RELEASE_TRUST_FILES];
    /* what was found, for the parts that were tried */
    bool tried[RELEASE_TRUST_PARTS];
    int err[RELEASE_TRUST_PARTS];
    struct ph_why why[RELEASE_TRUST_PARTS];
    struct ph_tls_server *tls;
    struct ph_jws_keyset *set;
    struct denied_lists denied;
};

static void
run_check(uv_work_t *work)
{
    struct release_trust_check *check = work->data;
    const struct release_trust *trust = check->trust;

    take_stamps(trust, check->now);
    for (size_t i = 0; i < RELEASE_TRUST_FILES; i++) {
        if (check->forced ||
            !ph_file_stamp_equal(&check->before[i], &check->now[i]))
            check->tried[part_of[i]] = true;
    }
    if (check->tried[RELEASE_TRUST_TLS])
        check->err[RELEASE_TRUST_TLS] =
            load_tls_again(trust, &check->tls, &check->why[RELEASE_TRUST_TLS]);
    if (check->tried[RELEASE_TRUST_ISSUER])
        check->err[RELEASE_TRUST_ISSUER] =
            load_issuer(trust, &check->set, &check->why[RELEASE_TRUST_ISSUER]);
    if (check->tried[RELEASE_TRUST_DENIED])
        check->err[RELEASE_TRUST_DENIED] = load_denied(
            trust, &check->denied, &check->why[RELEASE_TRUST_DENIED]);
}

/* A list went away: that serves nobody again. */
static void
judge_lost_list(struct release_trust_check *check)
{
    const struct release_trust *trust = check->trust;
    const bool is_here = trust->denied_here > 0 && !check->denied.is_here;
    const bool is_brought =
        trust->denied_brought > 0 && !check->denied.is_brought;

    if (!check->tried[RELEASE_TRUST_DENIED] ||
        check->err[RELEASE_TRUST_DENIED] != PH_OK || (!is_here && !is_brought))
        return;
    check->err[RELEASE_TRUST_DENIED] = ph_why_fail(
        &check->why[RELEASE_TRUST_DENIED], PH_ERR_CONFIG,
        is_here ? "%s is gone; make an empty one to serve its %zu printers "
                  "and certificates again"
                : "%s is gone; the cloud brings it again, or restart the agent "
                  "to serve its %zu printers and certificates again",
        is_here ? trust->denied_path : trust->brought_path,
        is_here ? trust->denied_here : trust->denied_brought);
}

static void
set_problem(struct release_trust *trust, enum release_trust_part part,
            const struct ph_why *why)
{
    bool is_new;

    uv_mutex_lock(&trust->lock);
    is_new = strcmp(trust->problems[part].text, why->text) != 0;
    trust->problems[part] = *why;
    uv_mutex_unlock(&trust->lock);
    if (is_new && why->text[0] != '\0')
        ph_log_warning("release: %s; what was loaded before stays in force, "
                       "continuing",
                       why->text);
}

static void
use_tls(struct release_trust *trust, struct release_trust_check *check)
{
    ph_tls_server_renew(trust->tls, check->tls);
    check->tls = NULL;
    ph_log_notice("release: certificate, key and CA loaded again");
    trust->options.renewed(trust->options.arg);
}

static void
use_issuer(struct release_trust *trust, struct release_trust_check *check)
{
    struct release_keys *keys, *old;

    if (check->set == NULL)
        return;
    keys = keys_new(check->set);
    check->set = NULL;
    if (keys == NULL)
        return; /* short of memory: those of before will do */
    uv_mutex_lock(&trust->lock);
    old = trust->keys;
    trust->keys = keys;
    uv_mutex_unlock(&trust->lock);
    release_keys_drop(old);
    ph_log_notice("release: keys of the issuer loaded again");
}

static void
use_denied(struct release_trust *trust, struct release_trust_check *check)
{
    struct ph_denied *old;

    if (check->denied.all == NULL)
        return;
    uv_mutex_lock(&trust->lock);
    old = trust->denied;
    trust->denied = check->denied.all;
    uv_mutex_unlock(&trust->lock);
    ph_denied_free(old);
    trust->denied_here = check->denied.here;
    trust->denied_brought = check->denied.brought;
    check->denied.all = NULL;
    ph_log_notice("release: %zu denied printers and certificates",
                  ph_denied_count(trust->denied));
    trust->options.denied(trust->options.arg);
}

static void
use(struct release_trust_check *check)
{
    static void (*const uses[RELEASE_TRUST_PARTS])(
        struct release_trust *, struct release_trust_check *) = {
        [RELEASE_TRUST_TLS] = use_tls,
        [RELEASE_TRUST_ISSUER] = use_issuer,
        [RELEASE_TRUST_DENIED] = use_denied,
    };
    static const struct ph_why well;
    struct release_trust *trust = check->trust;

    judge_lost_list(check);
    memcpy(trust->stamps, check->now, sizeof(trust->stamps));
    for (int part = 0; part < RELEASE_TRUST_PARTS; part++) {
        if (!check->tried[part])
            continue;
        if (check->err[part] == PH_OK)
            uses[part](trust, check);
        set_problem(trust, (enum release_trust_part)part,
                    check->err[part] == PH_OK ? &well : &check->why[part]);
    }
}

static void
check_free(struct release_trust_check *check)
{
    ph_tls_server_free(check->tls);
    ph_jws_keyset_free(check->set);
    ph_denied_free(check->denied.all);
    free(check);
}

static void start_check(struct release_trust *trust);

static void
on_checked(uv_work_t *work, int status)
{
    struct release_trust_check *check = work->data;
    struct release_trust *trust = check->trust;

    (void)status; /* nothing is cancelled here */
    trust->check = NULL;
    if (!trust->stopped)
        use(check);
    check_free(check);
    if (trust->again)
        start_check(trust);
}

static void
start_check(struct release_trust *trust)
{
    struct release_trust_check *check;

    trust->again = true;
    if (trust->check != NULL || trust->stopped)
        return;
    check = calloc(1, sizeof(*check));
    if (check == NULL)
        return; /* the next hint comes */
    check->trust = trust;
    check->work.data = check;
    check->forced = trust->forced;
    memcpy(check->before, trust->stamps, sizeof(check->before));
    if (uv_queue_work(trust->loop, &check->work, run_check, on_checked) != 0) {
        check_free(check);
        return;
    }
    trust->check = check;
    trust->again = trust->forced = false;
}

static void
on_maybe(void *arg)
{
    start_check(arg);
}

int
release_trust_watch(struct release_trust *trust, uv_loop_t *loop)
{
    const char *paths[RELEASE_TRUST_FILES];

    trust->loop = loop;
    list_files(trust, paths);
    return ph_file_watch_start(loop, paths, RELEASE_TRUST_FILES, on_maybe,
                               trust, &trust->watch);
}

void
release_trust_stop(struct release_trust *trust)
{
    trust->stopped = true;
    trust->again = false;
    ph_file_watch_stop(trust->watch);
    trust->watch = NULL;
}

void
release_trust_reload(struct release_trust *trust)
{
    trust->forced = true;
    start_check(trust);
}

void
release_trust_status(struct release_trust *trust, struct ph_why *out_text,
                     uint64_t *out_denied)
{
    out_text->text[0] = '\0';
    uv_mutex_lock(&trust->lock);
    *out_denied = ph_denied_count(trust->denied);
    for (int part = RELEASE_TRUST_PARTS - 1; part >= 0; part--) {
        if (trust->problems[part].text[0] != '\0')
            *out_text = trust->problems[part];
    }
    uv_mutex_unlock(&trust->lock);
}
