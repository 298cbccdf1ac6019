/*
 * What the hub remembers. Plain functions on a store, by domain; what is below
 * them (SQLite now) is seen nowhere else.
 *
 * Everything happens between hub_store_begin and hub_store_end, which hold the
 * store for the calling thread and make one transaction of it. Between them
 * nothing else is waited for: no network, no password hash.
 *
 *     err = hub_store_begin(store);
 *     if (err == PH_OK) {
 *         err = hub_person_get(store, login, &person);
 *         ...
 *         err = hub_store_end(store, err);
 *     }
 *
 * Times are Unix time in ms. Functions that look for one thing return
 * PH_ERR_NOT_FOUND when there is none, those that add one PH_ERR_EXISTS when
 * there is one already.
 */
#ifndef PRINTHOLD_HUB_STORE_H
#define PRINTHOLD_HUB_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/model/login.h"

struct hub_store;

#define HUB_NAME_MAX 128 /* what people call a thing; clean UTF-8 */
#define HUB_ID_MAX   PH_IDENTITY_MAX

/* Open (and make) hub.db of a directory. */
int hub_store_open(const char *dir, struct hub_store **out_store,
                   struct ph_why *why);
void hub_store_close(struct hub_store *store);

/* PH_ERR_BUSY when another process writes for longer than we wait. */
int hub_store_begin(struct hub_store *store);
/* For a look: what others write goes on, and is not seen. */
int hub_store_begin_read(struct hub_store *store);
/* Make it durable when err is PH_OK, undo it otherwise. Returns err, or why it
 * could not be made durable. */
int hub_store_end(struct hub_store *store, int err);

/* Another number when another process has changed something. Between begin and
 * end. */
int hub_store_version(struct hub_store *store, int64_t *out_version);

/* --- the tenant: store.c --- */

#define HUB_HOST_MAX 254

struct hub_tenant {
    char tenant[PH_TENANT_MAX];
    char host[HUB_HOST_MAX];        /* how devices reach the hub */
    char issuer[HUB_HOST_MAX + 16]; /* iss of grants */
    int64_t made_ms;
};

/* The first thing of a new store; between begin and end. */
int hub_tenant_add(struct hub_store *store, const struct hub_tenant *tenant);
/* A transaction of its own. */
int hub_store_tenant(struct hub_store *store, struct hub_tenant *out_tenant,
                     struct ph_why *why);

/* --- people: store_people.c --- */

struct hub_person {
    char login[PH_LOGIN_MAX]; /* normalised */
    char name[HUB_NAME_MAX];
    char group[HUB_ID_MAX]; /* or empty */
    bool is_administrator;
    bool is_blocked;
    char uk[PH_USER_KEY_TEXT];
    int64_t made_ms;
};

int hub_person_add(struct hub_store *store, const struct hub_person *person);
int hub_person_get(struct hub_store *store, const char *login,
                   struct hub_person *out_person);
/* Name, group, role and state; the login says whose. */
int hub_person_set(struct hub_store *store, const struct hub_person *person);

/* In the order of their names; each is called until it returns an error, which
 * is then the result. */
typedef int (*hub_person_cb)(const struct hub_person *person, void *arg);
int hub_person_each(struct hub_store *store, hub_person_cb each, void *arg);

/* --- devices: store_devices.c --- */

struct hub_device {
    char id[HUB_ID_MAX];
    enum ph_identity_kind kind;
    char name[HUB_NAME_MAX];
    char group[HUB_ID_MAX];
    char model[HUB_NAME_MAX]; /* of printers, for reports: */
    char type[HUB_NAME_MAX];  /* what an administrator says, or empty */
    bool is_revoked;
    bool is_elsewhere;  /* its certificates are not made by us */
    int64_t flagged_ms; /* a copy of it was noticed then; 0: never */
    int64_t generation; /* of its newest certificate; 0: none yet */
    int64_t made_ms;
};

int hub_device_add(struct hub_store *store, const struct hub_device *device);
int hub_device_get(struct hub_store *store, const char *id,
                   struct hub_device *out_device);
/* Everything but kind and made_ms. */
int hub_device_set(struct hub_store *store, const struct hub_device *device);
typedef int (*hub_device_cb)(const struct hub_device *device, void *arg);
int hub_device_each(struct hub_store *store, enum ph_identity_kind kind,
                    hub_device_cb each, void *arg);

/* Whose jobs a workstation may tell of. Binding twice is once. */
int hub_binding_add(struct hub_store *store, const char *device,
                    const char *login, const char *how, int64_t now_ms);
int hub_binding_remove(struct hub_store *store, const char *device,
                       const char *login);
int hub_binding_has(struct hub_store *store, const char *device,
                    const char *login, bool *out_has);
typedef int (*hub_binding_cb)(const char *login, const char *how, void *arg);
int hub_binding_each(struct hub_store *store, const char *device,
                     hub_binding_cb each, void *arg);

/* --- certificates of devices: store_certificates.c --- */

enum hub_certificate_state {
    HUB_CERTIFICATE_CURRENT,
    HUB_CERTIFICATE_SUPERSEDED, /* the device has a newer one */
    HUB_CERTIFICATE_REVOKED,
};

#define HUB_KEY_HASH 32

struct hub_certificate {
    char thumbprint[PH_THUMBPRINT_TEXT];
    char serial[40];
    char device[HUB_ID_MAX];
    int64_t generation;
    uint8_t key_hash[HUB_KEY_HASH];
    enum hub_certificate_state state;
    int64_t issued_ms;
    int64_t not_after_ms;
    int64_t seen_ms; /* first request with it; 0: none yet */
};

/* pem is what a lost answer is repeated with. */
int hub_certificate_add(struct hub_store *store,
                        const struct hub_certificate *certificate,
                        const char *pem);
int hub_certificate_get(struct hub_store *store, const char *thumbprint,
                        struct hub_certificate *out_certificate);
/* The newest one of a device. */
int hub_certificate_newest(struct hub_store *store, const char *device,
                           struct hub_certificate *out_certificate);
/* At most cap bytes with NUL. */
int hub_certificate_pem(struct hub_store *store, const char *thumbprint,
                        char *dst, size_t cap);
int hub_certificate_seen(struct hub_store *store, const char *thumbprint,
                         int64_t now_ms);
/* All current ones of a device become superseded. */
int hub_certificates_supersede(struct hub_store *store, const char *device);
/* All of a device become revoked. */
int hub_certificates_revoke(struct hub_store *store, const char *device);
/* Those that are over since then are forgotten. */
int hub_certificates_forget(struct hub_store *store, int64_t before_ms);

/* What must not be served any more: revoked devices (thumbprint NULL), and
 * revoked certificates that are not over at now_ms. */
typedef int (*hub_denied_cb)(enum ph_identity_kind kind, const char *device,
                             const char *thumbprint, const char *serial,
                             void *arg);
int hub_denied_each(struct hub_store *store, int64_t now_ms, hub_denied_cb each,
                    void *arg);

/* --- enrolment tokens: store_tokens.c --- */

#define HUB_MAC_BYTES    32
#define HUB_TOKEN_NUMBER 17 /* 16 hex digits: names it, is not it */

struct hub_token {
    uint8_t mac[HUB_MAC_BYTES];
    char number[HUB_TOKEN_NUMBER];
    enum ph_identity_kind kind;
    char device[HUB_ID_MAX]; /* the id that it gives; empty until it is used
                              * when the hub shall choose */
    char name[HUB_NAME_MAX];
    char group[HUB_ID_MAX];
    char login[PH_LOGIN_MAX]; /* whom the workstation is bound to, or empty */
    int64_t made_ms;
    int64_t expires_ms;
    int64_t used_ms;                     /* 0: not yet */
    uint8_t key_hash[HUB_KEY_HASH];      /* of the device that used it */
    char thumbprint[PH_THUMBPRINT_TEXT]; /* what it was given */
    bool is_over; /* it was seen expired, whatever the clock says now */
};

int hub_token_add(struct hub_store *store, const struct hub_token *token);
int hub_token_get(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
                  struct hub_token *out_token);
/* Device, time, key and thumbprint of its use. */
int hub_token_use(struct hub_store *store, const struct hub_token *token);
int hub_token_remove(struct hub_store *store, const char *number);
/* Those whose time is over at now are over for ever. */
int hub_tokens_end(struct hub_store *store, int64_t now_ms);
int hub_tokens_forget(struct hub_store *store, int64_t before_ms);
typedef int (*hub_token_cb)(const struct hub_token *token, void *arg);
int hub_token_each(struct hub_store *store, hub_token_cb each, void *arg);

/* --- the record of what was done: store_audit.c --- */

/*
 * One act: who (an administrator's account, a device, an address), what (a
 * word such as "token.add"), on what, and a sentence or a keyword more. Each
 * record has a keyed hash of itself and of the one before it.
 */
struct hub_act {
    const char *actor;
    const char *act;
    const char *object;
    const char *detail;
};

/* key is from hub_pepper; in the transaction of the act itself. */
int hub_audit_add(struct hub_store *store, const uint8_t key[32],
                  const struct hub_act *act, int64_t now_ms);

struct hub_audit_record {
    int64_t number;
    int64_t at_ms;
    struct hub_act act;
};
typedef int (*hub_audit_cb)(const struct hub_audit_record *record, void *arg);
int hub_audit_each(struct hub_store *store, int64_t since_ms, hub_audit_cb each,
                   void *arg);
/* PH_ERR_CORRUPT with the number of the first record that is not as it was
 * written; *out_count is how many there are. */
int hub_audit_verify(struct hub_store *store, const uint8_t key[32],
                     int64_t *out_count, int64_t *out_broken);

#endif
