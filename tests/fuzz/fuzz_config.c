/* A configuration file: whatever it says, the values stay in their ranges. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/model/config.h"
#include "printhold/model/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken must be what a file could say again. */
static void
check(const struct ph_config *config)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);

    if (config->retention_s < PH_RETENTION_MIN_S ||
        config->retention_s > PH_RETENTION_MAX_S ||
        config->release_port > 65535 || config->state_dir[0] != '/' ||
        (config->cloud_url[0] != '\0' &&
         strncmp(config->cloud_url, "wss://", 6) != 0))
        abort();
    for (size_t i = 0; i < count; i++) {
        char value[PH_CONFIG_TEXT_MAX];

        ph_config_format(config, &table[i], value, sizeof(value));
        if (memchr(value, '\0', sizeof(value)) == NULL)
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_config config, before;
    struct ph_why why;

    ph_config_init(&config);
    before = config;
    if (ph_config_parse(&config, "f", (const char *)data, size, &why) != PH_OK)
        if (memcmp(&config, &before, sizeof(config)) != 0)
            abort();
    check(&config);
    return 0;
}
