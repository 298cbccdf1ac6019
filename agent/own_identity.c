#include "own_identity.h"

#include <stdio.h>
#include <string.h>

#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define REMEDY \
    "printhold enrol --server https://HUB --token-file FILE --pin PIN"

const char *
ph_own_identity_word(enum ph_own_identity_state state)
{
    static const char *const words[] = {
        [PH_OWN_IDENTITY_NONE] = "none",
        [PH_OWN_IDENTITY_FILES] = "files",
        [PH_OWN_IDENTITY_ENROLLED] = "enrolled",
    };

    return words[state];
}

static void
complete(char setting[PH_CONFIG_TEXT_MAX], const char *text)
{
    if (setting[0] == '\0')
        (void)snprintf(setting, PH_CONFIG_TEXT_MAX, "%s", text);
}

static void
complete_all(struct ph_config *config, const struct ph_enrolled *enrolled)
{
    complete(config->cert_file, enrolled->cert_file);
    complete(config->cert_key_file, enrolled->key_file);
    complete(config->ca_file, enrolled->ca_file);
    complete(config->issuer, enrolled->issuer);
    complete(config->issuer_key_file, enrolled->issuer_key_file);
    complete(config->directory_key_file, enrolled->directory_key_file);
    complete(config->cloud_url, enrolled->broker);
}

static int
look(const char *dir, struct ph_enrolled *out_enrolled, struct ph_why *why)
{
    int err = ph_enrolled_settle(dir, why);

    return err == PH_OK ? ph_enrolled_look(dir, out_enrolled, why) : err;
}

static bool
has_refused_token(void)
{
    char path[PH_CONFIG_PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/" PH_CONFIG_TOKEN_REFUSED,
                   ph_config_dir());
    return access(path, F_OK) == 0;
}

void
ph_own_identity_find(struct ph_config *config,
                     struct ph_own_identity *out_identity)
{
    struct ph_own_identity *own = out_identity;
    struct ph_why why = {""};
    int err;

    memset(own, 0, sizeof(*own));
    if (config->cert_file[0] != '\0') {
        own->state = PH_OWN_IDENTITY_FILES;
        return;
    }
    err = look(config->state_dir, &own->enrolled, &why);
    if (err == PH_OK && own->enrolled.identity.kind != PH_IDENTITY_WORKSTATION)
        err = ph_why_fail(&why, PH_ERR_CORRUPT,
                          "the identity in %s is that of a printer",
                          config->state_dir);
    if (err == PH_OK) {
        own->state = PH_OWN_IDENTITY_ENROLLED;
        complete_all(config, &own->enrolled);
        return;
    }
    config->cloud_url[0] = '\0';
    if (err == PH_ERR_NOT_FOUND && has_refused_token())
        ph_why_set(&own->text,
                   "This computer is not enrolled, jobs are held here until it "
                   "is: the hub refused its token; put a new one into "
                   "%s/" PH_CONFIG_TOKEN,
                   ph_config_dir());
    else if (err == PH_ERR_NOT_FOUND)
        ph_why_set(&own->text, "This computer is not enrolled: jobs are held "
                               "here until it is; '" REMEDY "'");
    else
        ph_why_set(&own->text, "Not enrolled: %s; '" REMEDY "'", why.text);
    if (err == PH_ERR_NOT_FOUND)
        ph_log_notice("not enrolled: no cloud, and no printer is served");
    else
        ph_log_error("%s", why.text);
}
