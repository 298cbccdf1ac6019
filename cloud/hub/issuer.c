#include "issuer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "store_commands.h"

#define FILE_NAME_MAX 40
#define ASK_MAX       INT64_C(100000) /* workstations */

/* One that was read; stays until the end, somebody may be signing with it. */
struct hub_issuer_key {
    struct hub_issuer_key *next;
    int64_t number;
    struct ph_jws_key *key;
    struct ph_buf pem; /* the public part */
};

static void
file_name(int64_t number, char dst[FILE_NAME_MAX])
{
    if (number == 1)
        (void)snprintf(dst, FILE_NAME_MAX, "issuer.key");
    else
        (void)snprintf(dst, FILE_NAME_MAX, "issuer-%lld.key",
                       (long long)number);
}

static void
key_free(struct hub_issuer_key *key)
{
    ph_jws_key_free(key->key);
    ph_buf_close(&key->pem);
    free(key);
}

void
hub_issuer_close(struct hub *hub)
{
    while (hub->issuer_keys != NULL) {
        struct hub_issuer_key *first = hub->issuer_keys;

        hub->issuer_keys = first->next;
        key_free(first);
    }
}

/* --- reading --- */

static int
read_key(const struct hub *hub, const char *name, struct hub_issuer_key *key,
         struct ph_why *why)
{
    struct ph_buf pem;
    int dir_fd = -1, err = ph_io_open_dir(hub->dir, false, 0, &dir_fd, why);

    if (err != PH_OK)
        return err;
    err = ph_io_read_file(dir_fd, name, HUB_FILE_MAX, &pem);
    ph_io_close(&dir_fd);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read %s/%s: %s", hub->dir, name,
                           ph_err_text(err));
    err = ph_jws_key_from_pem(pem.data, pem.len, &key->key, why);
    if (err == PH_OK)
        err = ph_p256_key_public(&pem, &key->pem);
    ph_buf_close(&pem);
    return err;
}

static int
key_of(struct hub *hub, int64_t number, struct hub_issuer_key **out_key,
       struct ph_why *why)
{
    char name[FILE_NAME_MAX];
    struct hub_issuer_key *key = hub->issuer_keys;
    int err;

    while (key != NULL && key->number != number)
        key = key->next;
    if (key != NULL) {
        *out_key = key;
        return PH_OK;
    }
    key = calloc(1, sizeof(*key));
    if (key == NULL)
        return PH_ERR_NOMEM;
    key->number = number;
    ph_buf_init(&key->pem, HUB_FILE_MAX);
    file_name(number, name);
    err = read_key(hub, name, key, why);
    if (err != PH_OK) {
        key_free(key);
        return err;
    }
    key->next = hub->issuer_keys;
    hub->issuer_keys = key;
    *out_key = key;
    return PH_OK;
}

int
hub_issuer_list(struct hub *hub,
                struct hub_issuer_row out_rows[HUB_ISSUERS_MAX],
                size_t *out_count, struct ph_why *why)
{
    struct hub_issuer_key *key = NULL;
    int err = hub_issuer_rows(hub->store, out_rows, out_count);

    if (err != PH_OK || *out_count > 0)
        return err;
    err = key_of(hub, 1, &key, why);
    if (err != PH_OK)
        return err;
    out_rows[0] =
        (struct hub_issuer_row){.number = 1, .state = HUB_ISSUER_SIGNS};
    *out_count = 1;
    return ph_jws_key_kid(key->key, out_rows[0].kid);
}

int
hub_issuer_now(struct hub *hub, struct hub_issuer_now *out_now,
               struct ph_why *why)
{
    struct hub_issuer_row rows[HUB_ISSUERS_MAX];
    struct hub_issuer_now now = {.told_count = 0};
    struct hub_issuer_key *key = NULL;
    size_t count = 0;
    int err = hub_issuer_list(hub, rows, &count, why);

    for (size_t i = 0; i < count && err == PH_OK; i++) {
        err = key_of(hub, rows[i].number, &key, why);
        if (err != PH_OK)
            return err;
        if (i == 0)
            now.keys_signer = key->key;
        if (rows[i].state == HUB_ISSUER_SIGNS)
            now.signer = key->key;
        if (rows[i].state == HUB_ISSUER_WITHDRAWN)
            continue;
        now.told[now.told_count] = key->key;
        now.told_pem[now.told_count++] = &key->pem;
    }
    if (err == PH_OK && now.signer == NULL)
        err = PH_ERR_CORRUPT;
    if (err == PH_OK)
        *out_now = now;
    return err;
}

int
hub_issuer_pem(struct hub *hub, struct ph_buf *out_pem)
{
    struct hub_issuer_now now = {.told_count = 0};
    int err = hub_store_begin_read(hub->store);

    if (err == PH_OK)
        err = hub_store_end(hub->store, hub_issuer_now(hub, &now, NULL));
    for (size_t i = 0; i < now.told_count && err == PH_OK; i++)
        err = ph_buf_put(out_pem, now.told_pem[i]->data, now.told_pem[i]->len);
    return err;
}

/* --- a new one --- */

static int
write_key(const struct hub *hub, int64_t number, struct ph_why *why)
{
    char name[FILE_NAME_MAX];
    struct ph_buf key;
    int dir_fd = -1, err = ph_io_open_dir(hub->dir, false, 0, &dir_fd, why);

    ph_buf_init(&key, HUB_FILE_MAX);
    file_name(number, name);
    if (err == PH_OK)
        err = ph_p256_key_make(&key);
    if (err == PH_OK)
        err = ph_io_write_file(dir_fd, name, key.data, key.len, 0600);
    if (err != PH_OK && why->text[0] == '\0')
        ph_why_set(why, "cannot make %s/%s: %s", hub->dir, name,
                   ph_err_text(err));
    ph_buf_close(&key);
    ph_io_close(&dir_fd);
    return err;
}

int
hub_issuer_rotate(struct hub *hub, int64_t after_s, int64_t now_ms,
                  struct hub_issuer_row *out_row, struct ph_why *why)
{
    struct hub_issuer_row rows[HUB_ISSUERS_MAX];
    struct hub_issuer_row made = {.state = HUB_ISSUER_TOLD,
                                  .made_ms = now_ms,
                                  .at_ms = now_ms + after_s * 1000};
    struct hub_issuer_key *key = NULL;
    size_t count = 0;
    int err = hub_issuer_list(hub, rows, &count, why);

    if (err != PH_OK)
        return err;
    if (count > 1)
        return ph_why_fail(why, PH_ERR_STATE,
                           "a new key is taking over already; see "
                           "printhold-hub issuer show");
    made.number = rows[0].number + 1;
    err = write_key(hub, made.number, why);
    if (err == PH_OK)
        err = key_of(hub, made.number, &key, why);
    if (err == PH_OK)
        err = ph_jws_key_kid(key->key, made.kid);
    if (err == PH_OK)
        err = hub_issuer_put(hub->store, &rows[0]);
    if (err == PH_OK)
        err = hub_issuer_put(hub->store, &made);
    if (err == PH_OK)
        *out_row = made;
    return err;
}

/* --- the steps --- */

struct asking {
    struct hub *hub;
    int64_t now_ms;
};

static int
ask_one(const char *device, void *arg)
{
    const struct asking *asking = arg;
    struct hub_ws_command command = {
        .op = PH_COMMAND_RENEW_CERTIFICATE,
        .made_ms = asking->now_ms,
        .expires_ms = asking->now_ms + (int64_t)PH_COMMAND_LIFE_MAX_S * 1000,
    };
    struct ph_id id;
    int err = ph_id_make(&id);

    if (err != PH_OK)
        return err;
    ph_id_format(&id, command.jti);
    (void)snprintf(command.device, sizeof(command.device), "%s", device);
    return hub_ws_command_add(asking->hub->store, &command);
}

static int
note_one(const char *device, void *arg)
{
    (void)device;
    *(bool *)arg = true;
    return PH_OK;
}

static int
record(struct hub *hub, const char *what, const char *kid, int64_t now_ms)
{
    const struct hub_act act = {
        .actor = "hub", .act = what, .object = kid, .detail = ""};

    ph_log_notice("%s: key %s", what, kid);
    return hub_audit(hub, &act, now_ms);
}

static int
let_sign(struct hub *hub, struct hub_issuer_row *old,
         struct hub_issuer_row *fresh, int64_t now_ms)
{
    int err;

    old->state = HUB_ISSUER_LEAVING;
    old->at_ms = now_ms + (int64_t)hub->config->grant_life_s * 1000;
    fresh->state = HUB_ISSUER_SIGNS;
    fresh->at_ms = now_ms;
    err = hub_issuer_put(hub->store, old);
    if (err == PH_OK)
        err = hub_issuer_put(hub->store, fresh);
    return err == PH_OK ? record(hub, "issuer.sign", fresh->kid, now_ms) : err;
}

static int
withdraw(struct hub *hub, struct hub_issuer_row *old, int64_t now_ms)
{
    struct asking asking = {.hub = hub, .now_ms = now_ms};
    int err;

    old->state = HUB_ISSUER_WITHDRAWN;
    old->at_ms = now_ms;
    err = hub_issuer_put(hub->store, old);
    if (err == PH_OK)
        err = hub_issuer_unaware(hub->store, now_ms, now_ms, ASK_MAX, ask_one,
                                 &asking);
    return err == PH_OK ? record(hub, "issuer.withdraw", old->kid, now_ms)
                        : err;
}

static int
end(struct hub *hub, const struct hub_issuer_row *old, int64_t now_ms,
    bool *out_changed)
{
    bool waits = false;
    int err =
        hub_issuer_unaware(hub->store, old->at_ms, now_ms, 1, note_one, &waits);

    *out_changed = !waits;
    if (err != PH_OK || waits)
        return err;
    err = hub_issuer_remove(hub->store, old->number);
    return err == PH_OK ? record(hub, "issuer.end", old->kid, now_ms) : err;
}

int
hub_issuer_step(struct hub *hub, int64_t now_ms, bool *out_changed)
{
    struct hub_issuer_row rows[HUB_ISSUERS_MAX];
    size_t count = 0;
    int err = hub_issuer_rows(hub->store, rows, &count);

    *out_changed = false;
    if (err != PH_OK || count < 2)
        return err;
    if (rows[1].state == HUB_ISSUER_TOLD) {
        *out_changed = now_ms >= rows[1].at_ms;
        return *out_changed ? let_sign(hub, &rows[0], &rows[1], now_ms) : PH_OK;
    }
    if (rows[0].state == HUB_ISSUER_LEAVING) {
        *out_changed = now_ms >= rows[0].at_ms;
        return *out_changed ? withdraw(hub, &rows[0], now_ms) : PH_OK;
    }
    return end(hub, &rows[0], now_ms, out_changed);
}

/* --- files --- */

/* Numbers only grow, so those below the first row are over. */
static int
remove_old(int dir_fd, int64_t first)
{
    char name[FILE_NAME_MAX];

    for (int64_t number = 1; number < first; number++) {
        file_name(number, name);
        if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
            return ph_err_from_errno(errno);
    }
    return fsync(dir_fd) == 0 ? PH_OK : ph_err_from_errno(errno);
}

static int
write_public(int dir_fd, const struct ph_buf *pem)
{
    struct ph_buf there;
    bool same = false;

    if (ph_io_read_file(dir_fd, "issuer.pub", HUB_FILE_MAX, &there) == PH_OK) {
        same = there.len == pem->len &&
               memcmp(there.data, pem->data, pem->len) == 0;
        ph_buf_close(&there);
    }
    return same ? PH_OK
                : ph_io_write_file(dir_fd, "issuer.pub", pem->data, pem->len,
                                   0644);
}

int
hub_issuer_tidy(struct hub *hub)
{
    struct hub_issuer_row rows[HUB_ISSUERS_MAX];
    struct ph_buf pem;
    size_t count = 0;
    int dir_fd = -1, err = hub_store_begin_read(hub->store);

    ph_buf_init(&pem, HUB_FILE_MAX);
    if (err == PH_OK)
        err =
            hub_store_end(hub->store, hub_issuer_list(hub, rows, &count, NULL));
    if (err == PH_OK)
        err = hub_issuer_pem(hub, &pem);
    if (err == PH_OK)
        err = ph_io_open_dir(hub->dir, false, 0, &dir_fd, NULL);
    if (err == PH_OK)
        err = write_public(dir_fd, &pem);
    if (err == PH_OK)
        err = remove_old(dir_fd, rows[0].number);
    ph_io_close(&dir_fd);
    ph_buf_close(&pem);
    return err;
}
