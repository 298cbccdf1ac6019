/*
 * What the catalogue remembers of offline codes (agent/jobs/codes.h): the live
 * ones, by a keyed hash, and the wrong ones that were tried, by printer and by
 * person. Never a code. Times are job time.
 *
 * These functions take part in the caller's transaction.
 */
#ifndef PRINTHOLD_STORE_CATALOGUE_CODES_H
#define PRINTHOLD_STORE_CATALOGUE_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/crypto/kdf.h"
#include "printhold/store/catalogue.h"

struct ph_catalogue_code {
    int64_t number; /* given by the catalogue; later codes have higher ones */
    uint32_t uid;   /* whose */
    uint8_t mac[PH_SHA256_BYTES];
    int64_t made_ms;
    int64_t expires_ms;
    unsigned tries; /* wrong codes that may have been meant for it */
};

int ph_catalogue_add_code(struct ph_catalogue *catalogue,
                          const struct ph_catalogue_code *code);
/* All of them. Return false to stop. */
typedef bool (*ph_catalogue_code_cb)(const struct ph_catalogue_code *code,
                                     void *arg);
int ph_catalogue_each_code(struct ph_catalogue *catalogue,
                           ph_catalogue_code_cb each, void *arg);
int ph_catalogue_forget_code(struct ph_catalogue *catalogue, int64_t number);
/* Forget all codes of this person but the newest so many. */
int ph_catalogue_forget_old_codes(struct ph_catalogue *catalogue, uint32_t uid,
                                  unsigned keep);
/* Forget codes that expired at or before now, that were made after latest, or
 * that have had so many tries; tells how many. */
int ph_catalogue_forget_dead_codes(struct ph_catalogue *catalogue,
                                   int64_t now_ms, int64_t latest_ms,
                                   unsigned tries_max, size_t *out_count);
/* A code was wrong: one more try for every code there is, and one more wrong
 * code for everybody who has one. */
int ph_catalogue_code_was_wrong(struct ph_catalogue *catalogue, int64_t now_ms);

/* Whose wrong codes are counted. */
enum ph_code_counted {
    PH_CODE_OF_PRINTER = 1, /* its id */
    PH_CODE_OF_USER = 2,    /* the uid in decimal */
};
int ph_catalogue_add_wrong_code(struct ph_catalogue *catalogue,
                                enum ph_code_counted kind, const char *whose,
                                int64_t now_ms);
/* When they came, the newest first, at most cap. */
int ph_catalogue_wrong_codes(struct ph_catalogue *catalogue,
                             enum ph_code_counted kind, const char *whose,
                             int64_t *out_at_ms, size_t cap, size_t *out_count);
/* Forget those that came before that time. */
int ph_catalogue_forget_wrong_codes(struct ph_catalogue *catalogue,
                                    enum ph_code_counted kind,
                                    int64_t before_ms);

#endif
