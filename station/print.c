#include "print.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define JSON_MAX (16 * 1024 * 1024)

void
ph_print_size(int64_t bytes, char dst[PH_PRINT_SIZE_MAX])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;

    if (bytes < 0) {
        (void)snprintf(dst, PH_PRINT_SIZE_MAX, "-");
        return;
    }
    if (bytes < 1024) {
        (void)snprintf(dst, PH_PRINT_SIZE_MAX, "%d B", (int)bytes);
        return;
    }
    value /= 1024;
    while (value >= 1024 && unit + 1 < PH_COUNT(units)) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(dst, PH_PRINT_SIZE_MAX, "%.1f %s", value, units[unit]);
}

/* "-" for what is not known. */
static void
number_text(int64_t value, char *dst, size_t cap)
{
    if (value < 0)
        (void)snprintf(dst, cap, "-");
    else
        (void)snprintf(dst, cap, "%lld", (long long)value);
}

static void
print_row(const struct ph_station_job *job)
{
    char size[PH_PRINT_SIZE_MAX];
    char pages[24];
    char copies[24];

    ph_print_size(job->size, size);
    number_text(job->impressions, pages, sizeof(pages));
    number_text(job->copies, copies, sizeof(copies));
    (void)printf("%-32s  %-8s  %10s  %5s  %6s  %s\n", job->id, job->state, size,
                 pages, copies, job->title);
}

int
ph_print_jobs_table(const struct ph_station_jobs *jobs)
{
    if (jobs->count == 0)
        (void)printf("no held jobs\n");
    else
        (void)printf("%-32s  %-8s  %10s  %5s  %6s  %s\n", "JOB", "STATE",
                     "SIZE", "PAGES", "COPIES", "TITLE");
    for (size_t i = 0; i < jobs->count; i++)
        print_row(&jobs->job[i]);
    if (jobs->more)
        (void)printf("and more\n");
    return fflush(stdout) == 0 && !ferror(stdout) ? PH_OK : PH_ERR_IO;
}

static void
set_text(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        (void)json_object_set_new(object, name, json_string(text));
}

static void
set_number(json_t *object, const char *name, int64_t value)
{
    if (value >= 0)
        (void)json_object_set_new(object, name, json_integer(value));
}

static json_t *
job_json(const struct ph_station_job *job)
{
    const struct {
        const char *name;
        const char *value;
    } texts[] = {
        {"id", job->id},
        {"state", job->state},
        {"holder", job->holder},
        {"job-name", job->title},
        {"document-format", job->format},
        {"date-time-at-creation", job->submitted},
        {"expires", job->expires},
        {"sides", job->sides},
        {"print-color-mode", job->color_mode},
        {"media", job->media},
    };
    json_t *object = json_object();

    if (object == NULL)
        return NULL;
    for (size_t i = 0; i < PH_COUNT(texts); i++)
        set_text(object, texts[i].name, texts[i].value);
    set_number(object, "size", job->size);
    set_number(object, "job-impressions", job->impressions);
    set_number(object, "copies", job->copies);
    return object;
}

int
ph_print_jobs_json(const struct ph_station_jobs *jobs)
{
    json_t *list = json_array();

    for (size_t i = 0; i < jobs->count; i++) {
        if (json_array_append_new(list, job_json(&jobs->job[i])) != 0) {
            json_decref(list);
            return PH_ERR_NOMEM;
        }
    }
    return ph_print_list_json(list);
}

json_t *
ph_print_pulled(const struct ph_station_job *job,
                const struct ph_pull_result *result, int err,
                const struct ph_why *why)
{
    json_t *object = json_object();

    if (object == NULL)
        return NULL;
    set_text(object, "id", job->id);
    set_text(object, "file", result->name);
    if (result->name[0] != '\0') {
        set_number(object, "size", (int64_t)result->size);
        set_number(object, "resumed-at", (int64_t)result->resumed_at);
    }
    (void)json_object_set_new(object, "completed",
                              json_boolean(result->completed));
    if (err != PH_OK) {
        set_text(object, "error", ph_err_keyword(err));
        set_text(object, "message", why->text);
    }
    return object;
}

int
ph_print_list_json(json_t *list)
{
    json_t *root = json_object();

    if (root != NULL && json_object_set_new(root, "jobs", list) != 0) {
        json_decref(root);
        root = NULL;
    }
    return ph_print_members_json(root);
}

int
ph_print_members_json(json_t *root)
{
    struct ph_buf text;
    int err;

    ph_buf_init(&text, JSON_MAX);
    err = ph_json_put(root, &text); /* NULL is PH_ERR_NOMEM */
    if (err == PH_OK)
        err = ph_buf_put_u8(&text, '\n');
    if (err == PH_OK)
        err = ph_io_write_full(STDOUT_FILENO, text.data, text.len);
    ph_buf_close(&text);
    json_decref(root);
    return err;
}

void
ph_print_progress(uint64_t done, uint64_t total, void *arg)
{
    unsigned *shown = arg; /* the percentage that stands there, plus one */
    unsigned percent =
        total > 0 ? (unsigned)((double)done * 100 / (double)total) : 0;
    char size[PH_PRINT_SIZE_MAX];

    if (*shown == percent + 1)
        return;
    *shown = percent + 1;
    ph_print_size((int64_t)total, size);
    (void)fprintf(stderr, "\r%3u %% of %s ", percent, size);
    (void)fflush(stderr);
}

void
ph_print_progress_end(void)
{
    (void)fprintf(stderr, "\r%40s\r", "");
}
