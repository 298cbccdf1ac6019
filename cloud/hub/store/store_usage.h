/*
 * Reports read: sums, and rows page by page. Sums are made when they are asked
 * for, over indices by time: they are exact, also after an erasure, and there
 * is nothing beside the rows that could differ from them. Between
 * hub_store_begin_read and hub_store_end.
 */
#ifndef PRINTHOLD_HUB_STORE_USAGE_H
#define PRINTHOLD_HUB_STORE_USAGE_H

#include "store_reports.h"

enum hub_usage_by {
    HUB_USAGE_PERSON,
    HUB_USAGE_GROUP, /* of the person, at the time */
    HUB_USAGE_PRINTER,
    HUB_USAGE_DAY,
    HUB_USAGE_MONTH,
    HUB_USAGE_KINDS
};

struct hub_usage {
    char key[PH_LOGIN_MAX]; /* of DAY and MONTH the number */
    int64_t jobs;           /* submitted in the time */
    int64_t deleted, expired, failed;
    int64_t releases; /* in the time, printed and partly */
    int64_t pages, sheets, color_pages, two_sided_pages;
    int64_t estimated; /* releases whose counts the printer did not say */
};

struct hub_span {
    int64_t from_ms, to_ms; /* from <= at < to */
};

typedef int (*hub_usage_cb)(const struct hub_usage *usage, void *arg);
int hub_usage_each(struct hub_store *store, enum hub_usage_by by,
                   const struct hub_span *span, hub_usage_cb each, void *arg);

/* Pages of a person, or of a group (is_group), since. */
int hub_pages_since(struct hub_store *store, const char *who, bool is_group,
                    int64_t since_ms, int64_t *out_pages);

/* Whose: login, or empty for all. After the last row of the page before (at 0
 * and empty texts: from the beginning), at most max rows, oldest first. */
struct hub_rows {
    struct hub_span span;
    const char *login;
    int64_t after_ms;
    char after_device[HUB_ID_MAX]; /* of jobs */
    char after_id[PH_ID_TEXT];
    int64_t max;
};

typedef int (*hub_job_cb)(const struct hub_job *job, void *arg);
int hub_job_each(struct hub_store *store, const struct hub_rows *rows,
                 hub_job_cb each, void *arg);
/* job: what is known of it, or only the ticket as initialised. */
typedef int (*hub_release_cb)(const struct hub_release *release,
                              const struct hub_job *job, void *arg);
int hub_release_each(struct hub_store *store, const struct hub_rows *rows,
                     hub_release_cb each, void *arg);

#endif
