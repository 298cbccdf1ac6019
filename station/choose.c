#include "choose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define LINE_BYTES 256

static const char separators[] = " ,\t";

/* "3" or "2-4". */
static int
take_one(const char *text, size_t len, size_t count, bool *chosen)
{
    const char *dash = memchr(text, '-', len);
    const size_t first_len = dash != NULL ? (size_t)(dash - text) : len;
    uint64_t first, last;

    if (ph_parse_u64_n(text, first_len, 1, count, &first) != PH_OK)
        return PH_ERR_INVALID;
    last = first;
    if (dash != NULL && ph_parse_u64_n(dash + 1, len - first_len - 1, first,
                                       count, &last) != PH_OK)
        return PH_ERR_INVALID;
    for (uint64_t i = first; i <= last; i++)
        chosen[i - 1] = true;
    return PH_OK;
}

int
ph_choose_parse(const char *text, size_t count, bool *chosen,
                struct ph_why *why)
{
    const char *at = text + strspn(text, separators);

    memset(chosen, 0, count * sizeof(*chosen));
    if (strcmp(at, "all") == 0) {
        memset(chosen, true, count * sizeof(*chosen));
        return PH_OK;
    }
    while (*at != '\0') {
        const size_t len = strcspn(at, separators);

        if (take_one(at, len, count, chosen) != PH_OK)
            return ph_why_fail(why, PH_ERR_INVALID,
                               "say numbers of the list, such as 1 3 or 2-4, "
                               "or all");
        at += len;
        at += strspn(at, separators);
    }
    return PH_OK;
}

/* Byte by byte: what follows is not ours. */
static int
read_line(char dst[LINE_BYTES])
{
    size_t len = 0;
    char c;

    for (;;) {
        ssize_t n = read(STDIN_FILENO, &c, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return PH_ERR_IO;
        if (n == 0 || c == '\n')
            break;
        if (len + 1 == LINE_BYTES)
            return PH_ERR_TOO_BIG;
        if (c != '\r')
            dst[len++] = c;
    }
    dst[len] = '\0';
    return PH_OK;
}

static size_t
show(const struct ph_hub_answer *answer, const char *ids[PH_OPTIONS_JOBS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < answer->workstation_count; i++) {
        const struct ph_hub_workstation *ws = &answer->workstation[i];

        for (size_t k = 0; k < ws->job_count; k++) {
            const struct ph_hub_job *job = &ws->job[k];

            if (count == PH_OPTIONS_JOBS_MAX)
                return count;
            ids[count++] = job->id;
            (void)fprintf(stderr, "%3zu  %s  (%s, %s)\n", count,
                          job->confidential       ? "(confidential)"
                          : job->title[0] != '\0' ? job->title
                                                  : "-",
                          ws->host[0] != '\0' ? ws->host : ws->id,
                          ws->presence);
        }
    }
    return count;
}

int
ph_choose_jobs(const struct ph_hub_answer *answer, struct ph_options *options,
               struct ph_why *why)
{
    const char *ids[PH_OPTIONS_JOBS_MAX];
    bool chosen[PH_OPTIONS_JOBS_MAX];
    char line[LINE_BYTES];
    const size_t count = show(answer, ids);
    int err;

    options->job_count = 0;
    if (count == 0)
        return ph_why_fail(why, PH_ERR_NOT_FOUND, "nothing is held for you");
    (void)fprintf(stderr, "Which (1-%zu, all)? ", count);
    err = read_line(line);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read which: %s", ph_err_text(err));
    err = ph_choose_parse(line, count, chosen, why);
    for (size_t i = 0; err == PH_OK && i < count; i++)
        if (chosen[i])
            memcpy(options->job[options->job_count++], ids[i], PH_ID_TEXT);
    return err;
}
