/*
 * What may be held: jobs and bytes of one person, bytes of all, and the free
 * space that belongs to the rest of the system.
 *
 * Captures under way count as if they were held: their job from the beginning,
 * their bytes as they come. So any number of them at once cannot get past a
 * limit; the one that would is refused and waits in its queue.
 */
#include "jobs_private.h"

#include <stdio.h>

#include "printhold/base/err.h"

void
jobs_underway_add(struct ph_jobs *jobs, struct jobs_underway *capture)
{
    capture->prev = NULL;
    capture->next = jobs->captures;
    if (jobs->captures != NULL)
        jobs->captures->prev = capture;
    jobs->captures = capture;
}

void
jobs_underway_remove(struct ph_jobs *jobs, struct jobs_underway *capture)
{
    if (capture->prev != NULL)
        capture->prev->next = capture->next;
    else
        jobs->captures = capture->next;
    if (capture->next != NULL)
        capture->next->prev = capture->prev;
}

/* "10.0 GiB"; limits are a MiB at least. */
static void
format_size(uint64_t bytes, char *dst, size_t cap)
{
    const double mib = (double)bytes / 1048576;

    if (mib < 1024)
        (void)snprintf(dst, cap, "%.1f MiB", mib);
    else
        (void)snprintf(dst, cap, "%.1f GiB", mib / 1024);
}

struct use {
    uint64_t bytes; /* of everybody */
    struct ph_catalogue_usage mine;
};

static int
add_up(struct ph_jobs *jobs, uint32_t uid, struct use *use)
{
    struct ph_catalogue_usage all;
    int err = ph_catalogue_used_by_all(jobs->catalogue, &all);

    if (err == PH_OK)
        err = ph_catalogue_used_by(jobs->catalogue, uid, &use->mine);
    if (err != PH_OK)
        return err;
    use->bytes = all.bytes;
    for (const struct jobs_underway *c = jobs->captures; c != NULL;
         c = c->next) {
        if (c->stored)
            continue;
        use->bytes += c->bytes;
        if (c->uid == uid) {
            use->mine.jobs++;
            use->mine.bytes += c->bytes;
        }
    }
    return PH_OK;
}

static int
refuse(struct ph_why *why, const char *what)
{
    return ph_why_fail(why, PH_ERR_LIMIT,
                       "%s; when one is printed or deleted, this one goes on",
                       what);
}

int
jobs_quota_begin(struct ph_jobs *jobs, uint32_t uid, struct ph_why *why)
{
    const uint64_t spool_max = jobs_rule(jobs, PH_POLICY_SPOOL_SIZE);
    const uint64_t size_max = jobs_rule(jobs, PH_POLICY_USER_SIZE);
    const uint64_t jobs_max = jobs_rule(jobs, PH_POLICY_USER_JOBS);
    struct use use;
    char text[PH_WHY_MAX], size[32];
    int err = add_up(jobs, uid, &use);

    if (err != PH_OK)
        return err;
    if (use.bytes >= spool_max)
        return refuse(why, "The store for held jobs on this computer is full");
    if (use.mine.jobs >= jobs_max) {
        (void)snprintf(text, sizeof(text),
                       "You hold %llu jobs and may hold no more than %llu",
                       (unsigned long long)use.mine.jobs,
                       (unsigned long long)jobs_max);
        return refuse(why, text);
    }
    if (use.mine.bytes >= size_max) {
        format_size(size_max, size, sizeof(size));
        (void)snprintf(text, sizeof(text),
                       "Your held jobs use all of the %s that you may hold",
                       size);
        return refuse(why, text);
    }
    return PH_OK;
}

int
jobs_quota_grow(struct ph_jobs *jobs, struct jobs_underway *capture,
                uint64_t bytes, struct ph_why *why)
{
    const uint64_t spool_max = jobs_rule(jobs, PH_POLICY_SPOOL_SIZE);
    const uint64_t size_max = jobs_rule(jobs, PH_POLICY_USER_SIZE);
    const uint64_t before = capture->bytes;
    struct use use;
    char text[PH_WHY_MAX], size[32];
    int err;

    capture->bytes = bytes;
    err = add_up(jobs, capture->uid, &use);
    if (err == PH_OK && use.bytes > spool_max)
        err = refuse(why, "With this job the store for held jobs on this "
                          "computer would be too full");
    if (err == PH_OK && use.mine.bytes > size_max) {
        format_size(size_max, size, sizeof(size));
        (void)snprintf(text, sizeof(text),
                       "With this job your held jobs would be more than the "
                       "%s that you may hold",
                       size);
        err = refuse(why, text);
    }
    if (err != PH_OK)
        capture->bytes = before;
    return err;
}
