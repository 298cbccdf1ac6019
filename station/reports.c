#include "reports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hub_api.h"
#include "messages.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/release_report.h"

#define FOLDER   "/reports"
#define FILE_MAX 2048
#define PATH_CAP 512

/* --- writing one down --- */

static int
open_folder(const char *state, bool create, int *out_fd, struct ph_why *why)
{
    char path[PATH_CAP];
    int len = snprintf(path, sizeof(path), "%s" FOLDER, state);

    if (len < 0 || (size_t)len >= sizeof(path))
        return PH_ERR_TOO_BIG;
    return ph_io_open_dir(path, create, 0700, out_fd, why);
}

static int
make_report(const struct ph_report_words *words, char id[PH_ID_TEXT],
            struct ph_buf *json)
{
    struct ph_printer_report report = {.impressions = -1, .sheets = -1};
    int err = ph_id_make(&report.id);

    (void)snprintf(report.workstation, sizeof(report.workstation), "%s",
                   words->workstation);
    (void)snprintf(report.result, sizeof(report.result), "%s", words->result);
    if (err == PH_OK)
        err = ph_id_parse(words->job, &report.job);
    if (err == PH_OK)
        err = ph_release_report_put(&report, json);
    ph_id_format(&report.id, id);
    return err;
}

int
ph_reports_keep(const char *state, const struct ph_report_words *words,
                struct ph_why *why)
{
    struct ph_buf json, text;
    char id[PH_ID_TEXT];
    int fd = -1, err = open_folder(state, true, &fd, why);

    ph_buf_init(&json, FILE_MAX);
    ph_buf_init(&text, FILE_MAX);
    if (err == PH_OK)
        err = make_report(words, id, &json);
    if (err == PH_OK)
        err = ph_buf_printf(&text, "%s\n", words->session);
    if (err == PH_OK)
        err = ph_buf_put(&text, json.data, json.len);
    if (err == PH_OK)
        err = ph_io_write_file(fd, id, text.data, text.len, 0600);
    ph_io_close(&fd);
    ph_buf_close(&json);
    ph_buf_close(&text);
    return err;
}

/* --- telling --- */

int
ph_reports_tell(struct ph_https *hub, const struct ph_report_words *words,
                unsigned tries, struct ph_why *why)
{
    struct ph_buf json;
    char id[PH_ID_TEXT];
    int err;

    ph_buf_init(&json, FILE_MAX);
    err = make_report(words, id, &json);
    if (err == PH_OK && ph_buf_str(&json) == NULL)
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_hub_report(hub, words->session, ph_buf_str(&json), tries, why);
    ph_buf_close(&json);
    return err;
}

/* Ours, or what is left of one: never sent on as it stands. */
static bool
is_report(const char *json, size_t len)
{
    struct ph_printer_report report;
    json_t *root = NULL;
    bool is_one = ph_json_parse(json, len, FILE_MAX, &root) == PH_OK &&
                  ph_release_report_take(root, &report, NULL) == PH_OK;

    json_decref(root);
    return is_one;
}

/* PH_ERR_SYNTAX: no report, and never one. */
static int
send_text(struct ph_https *hub, struct ph_buf *text, unsigned tries,
          struct ph_why *why)
{
    const char *json;
    char *end =
        ph_buf_str(text) != NULL ? memchr(text->data, '\n', text->len) : NULL;

    if (end == NULL)
        return PH_ERR_SYNTAX;
    *end = '\0';
    json = end + 1;
    if (!ph_messages_is_token((const char *)text->data) ||
        !is_report(json, strlen(json)))
        return PH_ERR_SYNTAX;
    return ph_hub_report(hub, (const char *)text->data, json, tries, why);
}

/* Another try may be of use. */
static bool
is_for_later(int err)
{
    return err == PH_ERR_AGAIN || err == PH_ERR_CLOSED || err == PH_ERR_LIMIT ||
           err == PH_ERR_NOMEM || err == PH_ERR_IO;
}

static int
send_one(int dirfd, const char *name, struct ph_https *hub, unsigned tries,
         struct ph_why *why)
{
    struct ph_buf text;
    int err = ph_io_read_file(dirfd, name, FILE_MAX, &text);

    if (err == PH_OK)
        err = send_text(hub, &text, tries, why);
    ph_buf_close(&text);
    if (is_for_later(err))
        return err;
    if (err != PH_OK)
        (void)fprintf(stderr,
                      "printhold-station: a report to the hub is given up: %s; "
                      "the workstation tells of the release\n",
                      why->text[0] != '\0' ? why->text : ph_err_text(err));
    (void)ph_io_unlink_durable(dirfd, name);
    return PH_OK;
}

static bool
is_name(const char *name)
{
    struct ph_id id;

    return ph_id_parse(name, &id) == PH_OK;
}

/* *out_left is how many still wait, with the reason of the last in why. */
static void
send_all(const char *state, struct ph_https *hub, unsigned tries,
         size_t *out_left, struct ph_why *why)
{
    struct dirent *entry;
    struct ph_why ignored;
    size_t seen = 0;
    int fd = -1;
    DIR *dir;

    *out_left = 0;
    why->text[0] = '\0';
    if (open_folder(state, false, &fd, &ignored) != PH_OK)
        return; /* nothing was ever written down */
    dir = fdopendir(dup(fd));
    while (dir != NULL && seen < PH_REPORTS_MAX &&
           (entry = readdir(dir)) != NULL) {
        if (!is_name(entry->d_name))
            continue;
        seen++;
        /* The hub that is away for one is away for all. */
        if (*out_left > 0 ||
            send_one(fd, entry->d_name, hub, tries, why) != PH_OK)
            ++*out_left;
    }
    if (dir != NULL)
        (void)closedir(dir);
    ph_io_close(&fd);
}

size_t
ph_reports_send(const char *state, struct ph_https *hub, unsigned tries)
{
    struct ph_why why;
    size_t left;

    send_all(state, hub, tries, &left, &why);
    if (left > 0)
        (void)fprintf(stderr,
                      "printhold-station: %zu reports wait for the hub: %s\n",
                      left, why.text);
    return left;
}
