/* A managed preference: "section NUL key NUL text". What is taken is what a file
 * could set, and what is refused changes nothing. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/model/config_managed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same as a file, in a configuration of its own. */
static void
check(const struct ph_managed_value *value, const struct ph_config *got)
{
    char text[3 * PH_CONFIG_LINE_MAX];
    struct ph_config config;
    struct ph_why why;
    int len = snprintf(text, sizeof(text), "[%s]\n%s = %s\n", value->section,
                       value->key, value->text);

    ph_config_init(&config);
    if (len < 0 || (size_t)len >= sizeof(text))
        abort();
    if (ph_config_parse(&config, "f", text, (size_t)len, &why) != PH_OK)
        abort();
    /* Only a file makes keys.file follow here. */
    memcpy(config.key_file, got->key_file, sizeof(config.key_file));
    if (memcmp(&config, got, sizeof(config)) != 0)
        abort();
}

/* The next text of data, or NULL when it is over. */
static const char *
next(const char *data, size_t size, size_t *at)
{
    const char *start = data + *at;

    if (*at >= size)
        return NULL;
    *at += strlen(start) + 1;
    return start;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_managed_value value = {NULL, NULL, NULL};
    struct ph_config config, before;
    struct ph_why why;
    size_t at = 0;
    char *copy = malloc(size + 1);
    int err;

    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    value.section = next(copy, size, &at);
    value.key = next(copy, size, &at);
    value.text = next(copy, size, &at);
    ph_config_init(&config);
    before = config;
    if (value.section != NULL) {
        err = ph_managed_take(&config, &value, NULL, &why);
        if (err == PH_OK)
            check(&value, &config);
        else if (err != PH_ERR_CONFIG ||
                 memcmp(&config, &before, sizeof(config)) != 0)
            abort();
    }
    free(copy);
    return 0;
}
