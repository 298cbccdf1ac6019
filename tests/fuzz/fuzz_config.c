/* A configuration file: whatever it says, the values stay in their ranges. */
#include <stdbool.h>
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

/* Who goes on behind mistakes finds some exactly when the other one fails. */
static void
check_findings(const char *text, size_t size, bool is_fine)
{
    static struct ph_findings findings;
    const struct ph_config_notes notes = {NULL, &findings};
    struct ph_config config;
    struct ph_why why;

    findings.count = findings.more = 0;
    ph_config_init(&config);
    if (ph_config_parse_noting(&config, "f", text, size, &notes, &why) ==
            PH_OK &&
        is_fine != (findings.count == 0))
        abort();
    if (findings.more > 0 && findings.count != PH_FINDINGS_MAX)
        abort();
    check(&config);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct ph_config config, before;
    struct ph_why why;
    int err;

    ph_config_init(&config);
    before = config;
    err = ph_config_parse(&config, "f", text, size, &why);
    if (err != PH_OK && memcmp(&config, &before, sizeof(config)) != 0)
        abort();
    check(&config);
    check_findings(text, size, err == PH_OK);
    return 0;
}
