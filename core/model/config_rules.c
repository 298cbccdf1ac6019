/*
 * Settings that do not go together. Each rule is one that the agent has too,
 * which says it later and one at a time. What an enrolment completes
 * (certificate, issuer, keys) is asked for only where the certificate comes
 * from files: there is no enrolment then.
 */
#include "config_value.h"

#include <string.h>

#include "printhold/base/attr.h"

#define AT(member) offsetof(struct ph_config, member)

/* Without the second the first is of no use. */
static const struct {
    size_t has, needs; /* offsets of texts */
    bool is_of_files;  /* only with identity.cert_file */
    const char *text;
} rules[] = {
    {AT(cert_file), AT(cert_key_file), false,
     "identity.cert_file is set but identity.key_file is not; name the key of "
     "that certificate"},
    {AT(cert_key_file), AT(cert_file), false,
     "identity.key_file is set but identity.cert_file is not; name the "
     "certificate of that key"},
    {AT(enrol_pin), AT(enrol_server), false,
     "enrolment.pin is set but enrolment.server is not; name the hub"},
    {AT(enrol_ca_file), AT(enrol_server), false,
     "enrolment.ca_file is set but enrolment.server is not; name the hub"},
    {AT(cloud_token_file), AT(cloud_user), false,
     "cloud.token_file is set but cloud.user is not; name the user that the "
     "token is of"},
    {AT(cloud_url), AT(directory_key_file), true,
     "cloud.url is set but cloud.directory_key_file is not; name the file with "
     "the directory key"},
    {AT(issuer_key_file), AT(issuer), true,
     "release.issuer_key_file is set but release.issuer is not; name the "
     "issuer whose keys these are"},
};

static const char *
text_of(const struct ph_config *config, size_t offset)
{
    return (const char *)config + offset;
}

void
ph_config_form_blame(const struct ph_config_form *form,
                     const struct ph_config_origin *origins, size_t offset,
                     const char *text, struct ph_findings *findings)
{
    const struct ph_config_origin *origin;
    struct ph_why why;
    size_t i = 0;

    while (i + 1 < form->count && form->table[i].offset != offset)
        i++;
    origin = &origins[i];
    if (origin->line > 0)
        ph_why_set(&why, "%s:%u: %s", origin->file, origin->line, text);
    else if (origin->file[0] != '\0')
        ph_why_set(&why, "%s: %s", origin->file, text);
    else
        ph_why_set(&why, "%s", text);
    ph_findings_add(findings, origin->file, origin->line, &why);
}

void
ph_config_blame(const struct ph_config_origin *origins, size_t offset,
                const char *text, struct ph_findings *findings)
{
    const struct ph_config_form form = ph_config_own_form();

    ph_config_form_blame(&form, origins, offset, text, findings);
}

static bool
knows_broker(const struct ph_config *config)
{
    return strcmp(config->cloud_trust, "system") == 0 ||
           config->cloud_ca_file[0] != '\0' || config->ca_file[0] != '\0';
}

void
ph_config_check_rules(const struct ph_config *config,
                      const struct ph_config_origin *origins,
                      struct ph_findings *findings)
{
    const bool has_files = config->cert_file[0] != '\0';

    for (size_t i = 0; i < PH_COUNT(rules); i++) {
        if ((has_files || !rules[i].is_of_files) &&
            text_of(config, rules[i].has)[0] != '\0' &&
            text_of(config, rules[i].needs)[0] == '\0')
            ph_config_blame(origins, rules[i].has, rules[i].text, findings);
    }
    if (config->enrol_server[0] != '\0' &&
        (config->enrol_pin[0] != '\0') == (config->enrol_ca_file[0] != '\0'))
        ph_config_blame(origins, AT(enrol_server),
                        "enrolment.server needs enrolment.pin or "
                        "enrolment.ca_file, one of the two; name what the hub "
                        "is known by",
                        findings);
    if (has_files && config->cloud_url[0] != '\0' && !knows_broker(config))
        ph_config_blame(
            origins, AT(cloud_url),
            "cloud.url is set but neither cloud.ca_file nor identity.ca_file "
            "is, nor is cloud.trust system; name the CA of the broker",
            findings);
}
