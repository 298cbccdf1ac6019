/*
 * What cupsd says of one job, for tests: "held job-hold-until-specified", "gone"
 * when it knows no such job.   ph-cups-jobstate JOB-ID
 */
#include <stdio.h>
#include <stdlib.h>

#include <cups/cups.h>

int
main(int argc, char **argv)
{
    char uri[64];
    ipp_t *request, *answer;
    ipp_attribute_t *state, *reasons;

    if (argc != 2)
        return 2;
    (void)snprintf(uri, sizeof(uri), "ipp://localhost/jobs/%s", argv[1]);
    request = ippNewRequest(IPP_OP_GET_JOB_ATTRIBUTES);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "job-uri", NULL, uri);
    answer = cupsDoRequest(CUPS_HTTP_DEFAULT, request, "/");
    state = ippFindAttribute(answer, "job-state", IPP_TAG_ENUM);
    reasons = ippFindAttribute(answer, "job-state-reasons", IPP_TAG_KEYWORD);
    if (cupsLastError() == IPP_STATUS_ERROR_NOT_FOUND)
        (void)printf("gone\n");
    else if (state == NULL)
        return 1;
    else
        (void)printf("%s %s\n",
                     ippEnumString("job-state", ippGetInteger(state, 0)),
                     reasons == NULL ? "" : ippGetString(reasons, 0, NULL));
    ippDelete(answer);
    return 0;
}
