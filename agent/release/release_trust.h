/*
 * Whom the release service believes: its own certificate, the CA of the
 * printers, the issuer's keys and the list of denied printers.
 *
 * All of it comes from files that are looked at again when they change and on
 * request. A file that cannot be used leaves what was in force in force, and
 * the status says so. Nothing that is under way is disturbed, but a printer
 * that is denied loses its connections and sessions at once. Files are read in
 * the thread pool; what is in force changes on the thread of its loop and is asked
 * for by all.
 */
#ifndef PRINTHOLD_AGENT_RELEASE_TRUST_H
#define PRINTHOLD_AGENT_RELEASE_TRUST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "file_stamp.h"
#include "file_watch.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/crypto/jws.h"
#include "printhold/model/config.h"
#include "printhold/net/tls_server.h"
#include "printhold/proto/denied.h"

/* The issuer's keys, held by whoever uses them while they are replaced. */
struct release_keys {
    struct ph_jws_keyset *set;
    atomic_uint holders;
};

enum release_trust_part {
    RELEASE_TRUST_TLS,
    RELEASE_TRUST_ISSUER,
    RELEASE_TRUST_DENIED,
    RELEASE_TRUST_PARTS,
};

#define RELEASE_TRUST_FILES 7

struct release_trust_options {
    ph_tls_admit_cb admit;
    /* The certificate was replaced; the list of the denied was. Loop. */
    void (*renewed)(void *arg);
    void (*denied)(void *arg);
    void *arg;
};

struct release_trust_check;

struct release_trust {
    /* fixed after the start */
    struct ph_config config;
    struct release_trust_options options;
    struct ph_identity self;
    char denied_path[PH_CONFIG_TEXT_MAX + 32];
    char further_path[PH_CONFIG_TEXT_MAX + 32]; /* keys of the cloud */
    char brought_path[PH_CONFIG_TEXT_MAX + 32]; /* denied, by the cloud */
    /* the loop's thread only */
    struct ph_tls_server *tls; /* its context changes, it does not */
    struct ph_file_stamp stamps[RELEASE_TRUST_FILES]; /* when last tried */
    size_t denied_here, denied_brought; /* in file and message, as loaded */
    struct ph_file_watch *watch;
    struct release_trust_check *check; /* under way */
    bool again;                        /* another one is due behind it */
    bool forced;                       /* ... of every file */
    bool stopped;
    uv_loop_t *loop;
    /* every thread */
    uv_mutex_t lock;           /* for the rest */
    struct release_keys *keys; /* NULL: nobody can release */
    struct ph_denied *denied;  /* NULL: there is no list */
    struct ph_why problems[RELEASE_TRUST_PARTS];
};

/* Load everything; a file that cannot be used is PH_ERR_CONFIG with file and
 * setting. trust is to be closed whatever comes. */
int release_trust_open(struct release_trust *trust,
                       const struct ph_config *config,
                       const struct release_trust_options *options,
                       struct ph_why *why);
void release_trust_close(struct release_trust *trust);

/* Look after the files until the stop. */
int release_trust_watch(struct release_trust *trust, uv_loop_t *loop);
void release_trust_stop(struct release_trust *trust);
/* Load every file again now. */
void release_trust_reload(struct release_trust *trust);

/* What is wrong with the files, empty when nothing is, and how many entries
 * the list of denied printers has. From any thread. */
void release_trust_status(struct release_trust *trust, struct ph_why *out_text,
                          uint64_t *out_denied);

/* The keys in force, to be dropped; NULL for none. From any thread. */
struct release_keys *release_trust_keys(struct release_trust *trust);
void release_keys_drop(struct release_keys *keys);

/* Is the printer or its certificate on the list? From any thread. */
bool release_trust_is_denied(struct release_trust *trust,
                             const struct ph_identity *peer);

#endif
