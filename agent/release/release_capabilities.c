/* What this service is and can: GET /v1. */
#include "release_private.h"

#include <stddef.h>

#include "codes.h"
#include "printhold/base/err.h"
#include "printhold/proto/submission.h"

static int
put_words(json_t *root, const char *name, const char *const *words)
{
    json_t *list = json_array();
    int rc = list != NULL ? 0 : -1;

    for (size_t i = 0; rc == 0 && words[i] != NULL; i++)
        rc = json_array_append_new(list, json_string(words[i]));
    if (rc == 0)
        rc = json_object_set(root, name, list);
    json_decref(list);
    return rc == 0 ? PH_OK : PH_ERR_NOMEM;
}

static int
put_abilities(json_t *root, struct ph_release_service *service)
{
    static const char *const choices[] = {"copies",           "sides",
                                          "print-color-mode", "page-ranges",
                                          "finishings",       NULL};
    static const char *const digests[] = {"sha-256", NULL};
    const char *proofs[3] = {NULL};
    struct release_keys *keys = release_trust_keys(&service->trust);
    struct ph_rules rules;
    size_t count = 0;
    int err;

    ph_jobs_rules(service->jobs, &rules, NULL);
    if (keys != NULL)
        proofs[count++] = "grant";
    release_keys_drop(keys);
    if (ph_codes_are_on(service->jobs))
        proofs[count++] = "code";
    err = put_words(root, "proofs", proofs);
    if (err == PH_OK)
        err = put_words(root, "choices", choices);
    if (err == PH_OK)
        err = put_words(root, "digests", digests);
    if (err == PH_OK)
        err = ph_submission_text(root, "confidential-amr",
                                 rules.confidential_amr);
    return err;
}

void
release_capabilities(const struct release_request *request)
{
    json_t *root = json_object();
    int err = ph_submission_text(root, "service", "printhold-release");

    if (err == PH_OK)
        err = ph_submission_text(root, "version", PRINTHOLD_VERSION);
    if (err == PH_OK)
        err = ph_submission_number(root, "api", 1);
    if (err == PH_OK)
        err = ph_submission_text(root, "workstation",
                                 request->service->policy.workstation);
    if (err == PH_OK)
        err = ph_submission_number(root, "session-life",
                                   PH_SESSION_LIFE_MS / 1000);
    if (err == PH_OK)
        err = ph_submission_number(root, "lease",
                                   request->service->lease_ms / 1000);
    if (err == PH_OK)
        err = ph_submission_number(root, "documents-max",
                                   (int64_t)request->service->pulls_max);
    if (err == PH_OK)
        err = put_abilities(root, request->service);
    if (err != PH_OK) {
        json_decref(root);
        root = NULL;
    }
    ph_release_json(request->exchange, 200, root);
}
