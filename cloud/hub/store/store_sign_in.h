/*
 * What people sign in with, as far as the hub keeps it: of badges, PINs and
 * codes only keyed hashes (hub_pepper), of passwords what crypto/password.h
 * makes. Between hub_store_begin and hub_store_end, as all of store.h.
 */
#ifndef PRINTHOLD_HUB_STORE_SIGN_IN_H
#define PRINTHOLD_HUB_STORE_SIGN_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/crypto/password.h"
#include "printhold/model/login.h"
#include "store.h"

/* --- badges --- */

#define HUB_BADGE_NUMBER 17 /* 16 hex digits of its hash: names it, is not it */

struct hub_badge {
    uint8_t mac[HUB_MAC_BYTES];
    char number[HUB_BADGE_NUMBER];
    char login[PH_LOGIN_MAX];
    char how[32]; /* administrator, password, code: who or what bound it */
    int64_t made_ms;
};

/* PH_ERR_EXISTS when it is somebody's already, whoever that is: a badge never
 * changes hands without being removed. */
int hub_badge_add(struct hub_store *store, const struct hub_badge *badge);
int hub_badge_get(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
                  struct hub_badge *out_badge);
int hub_badge_remove(struct hub_store *store, const char *number);
typedef int (*hub_badge_cb)(const struct hub_badge *badge, void *arg);
/* login NULL: everybody's. */
int hub_badge_each(struct hub_store *store, const char *login,
                   hub_badge_cb each, void *arg);

/* --- PINs --- */

struct hub_pin {
    char login[PH_LOGIN_MAX];
    uint8_t mac[HUB_MAC_BYTES]; /* of the login and the digits */
    /* Of the digits alone: who signs in with nothing else is found by it, so
     * no two people of the tenant have the same. */
    bool is_alone;
    uint8_t alone_mac[HUB_MAC_BYTES];
    char how[32]; /* user, administrator, generated */
    int64_t made_ms;
    int64_t expires_ms; /* 0: never */
};

/* Replaces the person's. PH_ERR_EXISTS when it is to be good alone and another
 * person has the same. */
int hub_pin_set(struct hub_store *store, const struct hub_pin *pin);
int hub_pin_get(struct hub_store *store, const char *login,
                struct hub_pin *out_pin);
int hub_pin_find(struct hub_store *store, const uint8_t alone[HUB_MAC_BYTES],
                 struct hub_pin *out_pin);
int hub_pin_remove(struct hub_store *store, const char *login);
/* Those whose time is over at now are over for ever: their end becomes 1. */
int hub_pins_end(struct hub_store *store, int64_t now_ms);

/* --- passwords --- */

int hub_password_set(struct hub_store *store, const char *login,
                     const char *kept, int64_t now_ms);
int hub_password_get(struct hub_store *store, const char *login,
                     char out_kept[PH_PASSWORD_TEXT]);
int hub_password_remove(struct hub_store *store, const char *login);

/* --- codes --- */

/* Replaces the code that the person may have. PH_ERR_EXISTS when that code is
 * another person's: make another. */
int hub_code_add(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
                 const char *login, int64_t now_ms, int64_t expires_ms);
/* Whose it is, if it is good at now. */
int hub_code_find(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
                  int64_t now_ms, char out_login[PH_LOGIN_MAX]);
/* PH_ERR_NOT_FOUND when somebody was faster. */
int hub_code_use(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
                 int64_t now_ms);
int hub_code_remove(struct hub_store *store, const char *login);
int hub_codes_forget(struct hub_store *store, int64_t before_ms);

/* --- what is allowed at the printers of a group: store_ways.c --- */

struct hub_ways {
    char group[HUB_ID_MAX];
    unsigned ways; /* model/sign_in_ways.h */
    bool self_registration;
};

int hub_ways_set(struct hub_store *store, const struct hub_ways *ways);
int hub_ways_get(struct hub_store *store, const char *group,
                 struct hub_ways *out_ways);
int hub_ways_remove(struct hub_store *store, const char *group);
typedef int (*hub_ways_cb)(const struct hub_ways *ways, void *arg);
int hub_ways_each(struct hub_store *store, hub_ways_cb each, void *arg);

#endif
