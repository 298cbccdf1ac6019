/* One protection level of the machine key: a row of the table in
 * machine_key.c and a source file. */
#ifndef CRYPTO_MACHINE_KEY_LEVEL_H
#define CRYPTO_MACHINE_KEY_LEVEL_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/keywrap.h"

struct ph_machine_key_level {
    const char *name;
    const char *needs; /* what this system lacks; NULL: the level is here */
    /* As the service does. On failure key may hold anything; the caller wipes
     * it. */
    int (*load)(const struct ph_machine_key_level *level, const char *source,
                uint8_t key[PH_KEY_BYTES], struct ph_why *why);
    /* As an administrator's command does. */
    int (*unlock)(const struct ph_machine_key_level *level, const char *source,
                  uint8_t key[PH_KEY_BYTES], struct ph_why *why);
    /* Keep this key, durably, where there is none. */
    int (*store)(const struct ph_machine_key_level *level, const char *source,
                 const uint8_t key[PH_KEY_BYTES], struct ph_why *why);
    int (*find)(const char *source, int64_t *out_since_ms);
    int (*promote)(const char *next, const char *source);
    int (*remove)(const char *source);
};

#define PH_MACHINE_KEY_PARAMS                                     \
    const struct ph_machine_key_level *level, const char *source, \
        uint8_t key[PH_KEY_BYTES], struct ph_why *why
#define PH_MACHINE_KEY_STORE_PARAMS                               \
    const struct ph_machine_key_level *level, const char *source, \
        const uint8_t key[PH_KEY_BYTES], struct ph_why *why

int ph_machine_key_file_load(PH_MACHINE_KEY_PARAMS);
int ph_machine_key_file_store(PH_MACHINE_KEY_STORE_PARAMS);
/* A file that names a key, whatever is in it. */
int ph_machine_key_file_find(const char *source, int64_t *out_since_ms);
int ph_machine_key_file_promote(const char *next, const char *source);
int ph_machine_key_file_remove(const char *source);
/* A new file, mode 0400, there with all its bytes or not at all; it never
 * replaces another: PH_ERR_EXISTS. */
int ph_machine_key_file_put(const char *path, const void *bytes, size_t len,
                            struct ph_why *why);
#ifdef __linux__
int ph_machine_key_systemd_load(PH_MACHINE_KEY_PARAMS);
int ph_machine_key_systemd_unlock(PH_MACHINE_KEY_PARAMS);
int ph_machine_key_systemd_store(PH_MACHINE_KEY_STORE_PARAMS);
#endif

#ifdef __APPLE__
int ph_machine_key_keychain_load(PH_MACHINE_KEY_PARAMS);
int ph_machine_key_keychain_store(PH_MACHINE_KEY_STORE_PARAMS);
int ph_machine_key_keychain_find(const char *source, int64_t *out_since_ms);
int ph_machine_key_keychain_promote(const char *next, const char *source);
int ph_machine_key_keychain_remove(const char *source);
#endif

#endif
