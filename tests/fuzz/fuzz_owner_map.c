/* The site's map of accounts: what is found is in it, and is one word. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/model/owner_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ask for what stands before the first '=' of each line, as it is written. */
static size_t
look_up(const struct ph_owner_map *map, const char *text, size_t len)
{
    char account[PH_OWNER_MAP_NAME_MAX + 1];
    size_t found = 0;

    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        const size_t line = end != NULL ? (size_t)(end - text) : len;
        const char *equals = memchr(text, '=', line);
        const size_t name = equals != NULL ? (size_t)(equals - text) : 0;
        const char *login;

        if (name > 0 && name < sizeof(account)) {
            memcpy(account, text, name);
            account[name] = '\0';
            login = ph_owner_map_find(map, account);
            if (login != NULL && (strlen(login) > PH_OWNER_MAP_NAME_MAX ||
                                  strpbrk(login, " \t=\r\n") != NULL))
                abort();
            found += login != NULL;
        }
        text += line + (end != NULL);
        len -= line + (end != NULL);
    }
    return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_owner_map *map = NULL;
    struct ph_why why = {""};

    if (ph_owner_map_parse("f", (const char *)data, size, &map, &why) !=
        PH_OK) {
        if (map != NULL || strncmp(why.text, "f:", 2) != 0)
            abort();
        return 0;
    }
    if (look_up(map, (const char *)data, size) > ph_owner_map_count(map))
        abort();
    ph_owner_map_free(map);
    return 0;
}
