/*
 * The identity that a device has from the hub, on disk: certificate, key and
 * all that came with them.
 *
 *   DIR/identity/            0700, of the account that uses it
 *     current -> 3           what is in force; replaced in one step
 *     3/                     one certificate and what goes with it
 *       key.pem  cert.pem  ca.pem  issuer.pem  directory.key    0600
 *       answer.json          what the hub said
 *       machine              mark of the computer (crypto/machine_mark.h)
 *     next/                  the key that the next certificate is for
 *
 * Invariants: a numbered directory is whole, and durable, from the moment that
 * it has its name. current names a whole one or does not exist. A key is
 * durable in next before the hub hears of it, and is used until its certificate
 * is here. So whenever the power goes, what was in force is in force, or its
 * successor is; and the hub's answer, if it was lost, is given again for the
 * same key.
 *
 * The paths in struct ph_enrolled go through current and stay the same when the
 * identity is renewed.
 */
#ifndef PRINTHOLD_NET_ENROLLED_H
#define PRINTHOLD_NET_ENROLLED_H

#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/crypto/kdf.h"
#include "printhold/proto/enrolment.h"

#define PH_ENROLLED_PATH_MAX 256

struct ph_enrolled {
    struct ph_identity identity;
    int64_t renew_after_ms;
    char hub[PH_ENROLMENT_URL_MAX]; /* host and port */
    char cert_file[PH_ENROLLED_PATH_MAX];
    char key_file[PH_ENROLLED_PATH_MAX];
    char ca_file[PH_ENROLLED_PATH_MAX];
    /* of workstations, else empty */
    char issuer[PH_ENROLMENT_URL_MAX];
    char issuer_key_file[PH_ENROLLED_PATH_MAX];
    char directory_key_file[PH_ENROLLED_PATH_MAX];
    char broker[PH_ENROLMENT_URL_MAX]; /* empty: none */
    uint8_t directory_key_hash[PH_SHA256_BYTES];
};

/* Finish what was interrupted, so that the next look is right. PH_OK also when
 * there is nothing, and when another program is at it. */
int ph_enrolled_settle(const char *dir, struct ph_why *why);

/*
 * What is in force below dir. PH_ERR_NOT_FOUND: never enrolled. PH_ERR_STATE:
 * that identity is another computer's, this disk is a copy. PH_ERR_CORRUPT: it
 * cannot be read. All but the first with the reason and the remedy, and none of
 * them may be used.
 */
int ph_enrolled_look(const char *dir, struct ph_enrolled *out_enrolled,
                     struct ph_why *why);

/* --- changing it: for enrol.c --- */

struct ph_enrolled_store;

/* Finish what was interrupted; makes DIR/identity when it is missing. PH_ERR_BUSY
 * while another process has it open. */
int ph_enrolled_open(const char *dir, struct ph_enrolled_store **out_store,
                     struct ph_why *why);
void ph_enrolled_close(struct ph_enrolled_store *store);

/* The next key (PEM), made when there is none that was made here. out_pem
 * (initialised by the caller) is replaced. */
int ph_enrolled_next_key(struct ph_enrolled_store *store,
                         struct ph_buf *out_pem, struct ph_why *why);

/* What the hub said for it comes into force, durably and in one step. answer is
 * the text that enrolment was read from. */
int ph_enrolled_take(struct ph_enrolled_store *store,
                     const struct ph_enrolment *enrolment,
                     const struct ph_buf *answer, struct ph_why *why);

/* A file for the time of one enrolment: authorities to believe. */
int ph_enrolled_put_trust(struct ph_enrolled_store *store, const char *pem,
                          char out_path[PH_ENROLLED_PATH_MAX],
                          struct ph_why *why);

#endif
