/*
 * What a station reads from a workstation: JSON answers and header lines.
 * The first byte says which: 'j' a list, 's' a session, 'p' a problem,
 * 'h' header lines.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"
#include "printhold/net/reply_headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int holds)
{
    if (!holds)
        abort();
}

static void
read_jobs(const void *text, size_t len)
{
    struct ph_station_jobs jobs;

    if (ph_messages_jobs(text, len, &jobs) != PH_OK)
        return;
    for (size_t i = 0; i < jobs.count; i++) {
        const struct ph_station_job *job = &jobs.job[i];

        demand(strspn(job->id, "0123456789abcdef") == 32 &&
               job->id[32] == '\0');
        demand(ph_utf8_valid(job->title, strlen(job->title)));
        demand(strpbrk(job->title, "\033\r\n\t") == NULL);
        demand(job->size >= -1);
    }
    ph_messages_free_jobs(&jobs);
}

static void
read_session(const void *text, size_t len)
{
    char session[PH_SESSION_MAX];

    if (ph_messages_session(text, len, session) == PH_OK)
        demand(strpbrk(session, " \r\n\"") == NULL);
}

static void
read_headers(const char *text, size_t len)
{
    struct ph_reply_headers headers;

    ph_reply_headers_init(&headers);
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line = end != NULL ? (size_t)(end - text) + 1 : len;

        if (ph_reply_headers_take(&headers, text, line) != PH_OK)
            return;
        text += line;
        len -= line;
    }
    demand(!headers.has_range || (headers.range_first <= headers.range_last &&
                                  headers.range_last < headers.range_total));
    demand(strlen(headers.etag) < sizeof(headers.etag));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_why why;

    if (size == 0)
        return 0;
    switch (data[0]) {
    case 'j':
        read_jobs(data + 1, size - 1);
        break;
    case 's':
        read_session(data + 1, size - 1);
        break;
    case 'p':
        (void)ph_messages_problem(data + 1, size - 1, &why);
        break;
    case 'h':
        read_headers((const char *)data + 1, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
