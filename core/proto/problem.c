#include "printhold/proto/problem.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/why.h"
#include "printhold/proto/http.h"
#include "printhold/proto/submission.h"

#define TYPE "urn:printhold:problem:"

json_t *
ph_problem_make(unsigned status, const char *keyword, const char *detail)
{
    json_t *root = json_object();
    char type[96], sentence[PH_WHY_MAX + 2];
    size_t len = strlen(detail);
    int err;

    (void)snprintf(type, sizeof(type), "%s%s", TYPE, keyword);
    (void)snprintf(sentence, sizeof(sentence), "%s%s", detail,
                   len > 0 && detail[len - 1] == '.' ? "" : ".");
    err = ph_submission_text(root, "type", type);
    if (err == PH_OK)
        err = ph_submission_text(root, "title", ph_http_reason(status));
    if (err == PH_OK)
        err = ph_submission_number(root, "status", status);
    if (err == PH_OK)
        err = ph_submission_text(root, "detail", sentence);
    if (err == PH_OK)
        return root;
    json_decref(root);
    return NULL;
}
