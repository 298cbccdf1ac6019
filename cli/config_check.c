#include "config_check.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "command.h"
#include "printhold/base/err.h"
#include "printhold/crypto/machine_key.h"
#include "printhold/model/config.h"
#include "printhold/model/owner_map.h"
#include "printhold/net/proxy.h"
#include "printhold/net/ws_url.h"
#include "printhold/proto/enrolment.h"
#include "printhold/proto/json.h"

struct check {
    struct ph_config config;
    struct ph_config_notes notes;
    const char *unread; /* a file that the person may not read */
};

#define AT(member) offsetof(struct ph_config, member)

static void
blame(struct check *check, size_t offset, const char *text)
{
    ph_config_blame(check->notes.origins, offset, text, check->notes.findings);
}

/* What the settings' own readers say, one layer up. */
static void
check_values(struct check *check)
{
    const struct ph_config *config = &check->config;
    char host[PH_ENROLMENT_URL_MAX];
    struct ph_proxy proxy;
    struct ph_why why;
    int64_t since_ms;

    if (config->enrol_server[0] != '\0' &&
        ph_enrolment_server(config->enrol_server, host) != PH_OK)
        blame(check, AT(enrol_server),
              "enrolment.server must be https://HOST or https://HOST:PORT");
    if (ph_proxy_parse(config->cloud_proxy, &proxy, &why) == PH_ERR_CONFIG)
        blame(check, AT(cloud_proxy), why.text);
    if (ph_machine_key_find(config->key_level, config->key_file, &since_ms,
                            &why) == PH_ERR_UNSUPPORTED)
        blame(check, AT(key_level), why.text);
}

static void
check_urls(struct check *check)
{
    const char *at = check->config.cloud_url;
    char url[PH_CONFIG_TEXT_MAX];
    struct ph_ws_url parsed;
    struct ph_why why;

    for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");

        memcpy(url, at, len);
        url[len] = '\0';
        if (ph_ws_url_parse(url, &parsed, &why) != PH_OK)
            blame(check, AT(cloud_url), why.text);
        at += len;
    }
}

/* The file that people write by hand. */
static void
check_map(struct check *check)
{
    const char *path = check->config.owner_map_file;

    if (path[0] == '\0')
        return;
    if (access(path, R_OK) != 0 && errno == EACCES)
        check->unread = path;
    else
        ph_owner_map_check(path, check->notes.findings);
}

static int
show_json(const struct check *check)
{
    json_t *root = ph_json_findings(check->notes.findings);
    int err = PH_OK;

    if (root == NULL || json_dumpf(root, stdout, JSON_INDENT(2)) != 0)
        err = PH_ERR_IO;
    (void)fputc('\n', stdout);
    json_decref(root);
    return err;
}

static void
show_text(const struct check *check)
{
    const struct ph_findings *findings = check->notes.findings;

    for (size_t i = 0; i < findings->count; i++)
        ph_command_complain(&findings->list[i].why);
    if (findings->more > 0)
        (void)fprintf(stderr, "printhold: and %zu more\n", findings->more);
    if (check->unread != NULL)
        (void)printf("%s was not checked: you may not read it.\n",
                     check->unread);
    if (findings->count == 0)
        (void)puts("The configuration is valid.");
}

int
ph_config_check(bool json)
{
    struct check check = {.unread = NULL};
    struct ph_why why = {""};
    size_t count;
    int err = PH_ERR_NOMEM;

    (void)ph_config_table(&count);
    check.notes.origins = calloc(count, sizeof(*check.notes.origins));
    check.notes.findings = calloc(1, sizeof(*check.notes.findings));
    if (check.notes.origins != NULL && check.notes.findings != NULL)
        err = ph_config_load_noting(NULL, &check.config, &check.notes, &why);
    if (err != PH_OK) {
        ph_why_set(&why, "%s", ph_err_text(err));
        ph_command_complain(&why);
        goto out;
    }
    ph_config_check_rules(&check.config, check.notes.origins,
                          check.notes.findings);
    check_values(&check);
    check_urls(&check);
    check_map(&check);
    if (json)
        err = show_json(&check);
    else
        show_text(&check);
    if (err == PH_OK && check.notes.findings->count > 0)
        err = PH_ERR_CONFIG;
out:
    free(check.notes.findings);
    free(check.notes.origins);
    return err;
}
