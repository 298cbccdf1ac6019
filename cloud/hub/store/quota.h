/*
 * Quotas: how many pages a person may have released in a day or a month (UTC),
 * by reports. What is set for a person holds instead of what is set for the
 * person's group; what is set for a group is what each of its people may. They
 * are looked at when somebody signs in: who has pages left may release a job
 * that has more.
 */
#ifndef PRINTHOLD_HUB_QUOTA_H
#define PRINTHOLD_HUB_QUOTA_H

#include <stdbool.h>

#include "store.h"

enum hub_quota_period { HUB_QUOTA_DAY, HUB_QUOTA_MONTH, HUB_QUOTA_PERIODS };

/* "day", "month"; static. */
const char *hub_quota_period_name(enum hub_quota_period period);

#define HUB_QUOTA_PAGES_MAX INT64_C(10000000)

struct hub_quota {
    bool is_group;
    char who[PH_LOGIN_MAX]; /* a login, or a group of people */
    enum hub_quota_period period;
    int64_t pages;
};

/* Between hub_store_begin and hub_store_end. */
int hub_quota_set(struct hub_store *store, const struct hub_quota *quota);
/* PH_ERR_NOT_FOUND; pages do not matter. */
int hub_quota_remove(struct hub_store *store, const struct hub_quota *quota);
typedef int (*hub_quota_cb)(const struct hub_quota *quota, void *arg);
int hub_quota_each(struct hub_store *store, hub_quota_cb each, void *arg);

/* Of the periods that are limited, the one with the least left; of two that are
 * used up the longer. */
struct hub_quota_state {
    bool is_limited;
    enum hub_quota_period period;
    int64_t limit, used, left; /* pages */
    int64_t until_ms;          /* when the next period begins */
};

int hub_quota_check(struct hub_store *store, const struct hub_person *person,
                    int64_t now_ms, struct hub_quota_state *out_state);

#endif
