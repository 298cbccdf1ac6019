#include "printhold/crypto/machine_key.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "machine_key_level.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/wipe.h"

#ifdef __linux__
#define SYSTEMD_LEVEL(word)                                \
    {                                                      \
        .name = word, .load = ph_machine_key_systemd_load, \
        .unlock = ph_machine_key_systemd_unlock,           \
        .store = ph_machine_key_systemd_store,             \
        .find = ph_machine_key_file_find,                  \
        .promote = ph_machine_key_file_promote,            \
        .remove = ph_machine_key_file_remove               \
    }
#else
#define SYSTEMD_LEVEL(word)              \
    {                                    \
        .name = word, .needs = "systemd" \
    }
#endif

static const struct ph_machine_key_level levels[] = {
    {.name = "file",
     .load = ph_machine_key_file_load,
     .unlock = ph_machine_key_file_load,
     .store = ph_machine_key_file_store,
     .find = ph_machine_key_file_find,
     .promote = ph_machine_key_file_promote,
     .remove = ph_machine_key_file_remove},
    SYSTEMD_LEVEL("host"),
    SYSTEMD_LEVEL("tpm2"),
#ifdef __APPLE__
    {.name = "keychain",
     .load = ph_machine_key_keychain_load,
     .unlock = ph_machine_key_keychain_load,
     .store = ph_machine_key_keychain_store,
     .find = ph_machine_key_keychain_find,
     .promote = ph_machine_key_keychain_promote,
     .remove = ph_machine_key_keychain_remove},
#else
    {.name = "keychain", .needs = "macOS"},
#endif
};

static int
find_level(const char *name, const struct ph_machine_key_level **out_level,
           struct ph_why *why)
{
    for (size_t i = 0; name != NULL && i < PH_COUNT(levels); i++) {
        if (strcmp(name, levels[i].name) != 0)
            continue;
        if (levels[i].needs != NULL)
            return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                               "the key protection level \"%s\" needs %s, "
                               "which this system is not; choose another "
                               "[keys] level",
                               name, levels[i].needs);
        *out_level = &levels[i];
        return PH_OK;
    }
    return ph_why_fail(why, PH_ERR_CONFIG,
                       "unknown key protection level \"%s\"; [keys] level is "
                       "one of file, host, tpm2, keychain",
                       name != NULL ? name : "");
}

int
ph_machine_key_find(const char *level, const char *source,
                    int64_t *out_since_ms, struct ph_why *why)
{
    const struct ph_machine_key_level *row = NULL;
    int err = find_level(level, &row, why);

    if (err != PH_OK)
        return err;
    err = row->find(source, out_since_ms);
    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "there is no machine key %s; restore it, or make "
                           "the first one with 'printhold-agent key init'",
                           source);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot look for the machine key %s: %s",
                           source, ph_err_text(err));
    return PH_OK;
}

int
ph_machine_key_check_settled(const char *level, const char *source,
                             struct ph_why *why)
{
    char next[PATH_MAX];
    int64_t since_ms;
    int err;

    if (snprintf(next, sizeof(next), "%s" PH_MACHINE_KEY_NEXT, source) >=
        (int)sizeof(next))
        return ph_why_fail(why, PH_ERR_TOO_BIG,
                           "the name of the machine key "
                           "is too long");
    err = ph_machine_key_find(level, next, &since_ms, why);
    if (err == PH_ERR_NOT_FOUND) {
        ph_why_set(why, "%s", "");
        return PH_OK;
    }
    if (err != PH_OK)
        return err;
    return ph_why_fail(why, PH_ERR_STATE,
                       "a rotation of the machine key is unfinished, %s is "
                       "there; finish it with 'printhold-agent key rotate'",
                       next);
}

typedef int (*fetch_fn)(PH_MACHINE_KEY_PARAMS);

static int
fetch(const struct ph_machine_key_level *row, fetch_fn how, const char *source,
      struct ph_machine_key *out_key, struct ph_why *why)
{
    struct ph_machine_key key;
    int err = how(row, source, key.bytes, why);

    if (err == PH_OK) {
        key.level = row->name;
        *out_key = key;
    }
    ph_wipe(&key, sizeof(key));
    return err;
}

int
ph_machine_key_load(const char *level, const char *source,
                    struct ph_machine_key *out_key, struct ph_why *why)
{
    const struct ph_machine_key_level *row = NULL;
    int err = find_level(level, &row, why);

    if (err == PH_OK)
        err = ph_machine_key_check_settled(level, source, why);
    return err == PH_OK ? fetch(row, row->load, source, out_key, why) : err;
}

int
ph_machine_key_unlock(const char *level, const char *source,
                      struct ph_machine_key *out_key, struct ph_why *why)
{
    const struct ph_machine_key_level *row = NULL;
    int err = find_level(level, &row, why);

    return err == PH_OK ? fetch(row, row->unlock, source, out_key, why) : err;
}

int
ph_machine_key_create(const char *level, const char *source, struct ph_why *why)
{
    const struct ph_machine_key_level *row = NULL;
    uint8_t key[PH_KEY_BYTES];
    int err = find_level(level, &row, why);

    if (err != PH_OK)
        return err;
    err = ph_random(key, sizeof(key));
    if (err == PH_OK)
        err = row->store(row, source, key, why);
    else
        ph_why_set(why, "cannot make the machine key %s: %s", source,
                   ph_err_text(err));
    ph_wipe(key, sizeof(key));
    return err;
}

int
ph_machine_key_promote(const char *level, const char *next, const char *source,
                       struct ph_why *why)
{
    const struct ph_machine_key_level *row = NULL;
    int err = find_level(level, &row, why);

    if (err != PH_OK)
        return err;
    err = row->promote(next, source);
    if (err != PH_OK)
        ph_why_set(why, "cannot put the machine key %s in its place: %s", next,
                   ph_err_text(err));
    return err;
}

int
ph_machine_key_remove(const char *level, const char *source, struct ph_why *why)
{
    const struct ph_machine_key_level *row = NULL;
    int err = find_level(level, &row, why);

    if (err != PH_OK)
        return err;
    err = row->remove(source);
    if (err != PH_OK)
        ph_why_set(why, "cannot remove the old machine key %s: %s", source,
                   ph_err_text(err));
    return err;
}

bool
ph_machine_key_same_place(const char *level, const char *source,
                          const char *other_level, const char *other_source)
{
    const struct ph_machine_key_level *a = NULL, *b = NULL;

    /* Levels that find keys in the same way keep them in the same place. */
    return find_level(level, &a, NULL) == PH_OK &&
           find_level(other_level, &b, NULL) == PH_OK && a->find == b->find &&
           strcmp(source, other_source) == 0;
}

void
ph_machine_key_wipe(struct ph_machine_key *key)
{
    ph_wipe(key, sizeof(*key));
}
