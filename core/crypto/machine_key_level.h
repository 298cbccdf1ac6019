/* One protection level of the machine key: a row of the table in
 * machine_key.c and a source file. */
#ifndef CRYPTO_MACHINE_KEY_LEVEL_H
#define CRYPTO_MACHINE_KEY_LEVEL_H

#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/keywrap.h"

struct ph_machine_key_level {
    const char *name;
    /* On failure the key's bytes may hold anything; the caller wipes them. */
    int (*load)(const char *source, uint8_t key[PH_KEY_BYTES],
                struct ph_why *why);
    int (*create)(const char *source, struct ph_why *why);
};

int ph_machine_key_file_load(const char *path, uint8_t key[PH_KEY_BYTES],
                             struct ph_why *why);
int ph_machine_key_file_create(const char *path, struct ph_why *why);

#endif
