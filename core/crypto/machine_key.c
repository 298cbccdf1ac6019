#include "printhold/crypto/machine_key.h"

#include <string.h>

#include "machine_key_level.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

static const struct ph_machine_key_level levels[] = {
    {"file", ph_machine_key_file_load, ph_machine_key_file_create},
};

static const struct ph_machine_key_level *
find_level(const char *name, struct ph_why *why)
{
    for (size_t i = 0; name != NULL && i < PH_COUNT(levels); i++)
        if (strcmp(name, levels[i].name) == 0)
            return &levels[i];
    ph_why_set(why,
               "unknown key protection level \"%s\"; this version knows "
               "\"file\"",
               name != NULL ? name : "");
    return NULL;
}

int
ph_machine_key_load(const char *level, const char *source,
                    struct ph_machine_key *out_key, struct ph_why *why)
{
    const struct ph_machine_key_level *row = find_level(level, why);
    struct ph_machine_key key;
    int err;

    if (row == NULL)
        return PH_ERR_CONFIG;
    err = row->load(source, key.bytes, why);
    if (err == PH_OK) {
        key.level = row->name;
        *out_key = key;
    }
    ph_wipe(&key, sizeof(key));
    return err;
}

int
ph_machine_key_create(const char *level, const char *source, struct ph_why *why)
{
    const struct ph_machine_key_level *row = find_level(level, why);

    return row != NULL ? row->create(source, why) : PH_ERR_CONFIG;
}

void
ph_machine_key_wipe(struct ph_machine_key *key)
{
    ph_wipe(key, sizeof(*key));
}
