/*
 * Bytes are verified before the first one is sent. For most jobs that was done
 * a moment ago, when they were captured, and reading everything twice is a
 * third of what a pull costs. So the files that were authenticated lately are
 * remembered by what tells whether they were touched since. Each segment is
 * authenticated again when it is sent, whatever is remembered here: what the
 * disk itself does to a file within ten minutes breaks the connection.
 */
#include "jobs_private.h"

#include "printhold/base/clock.h"
#include "printhold/base/err.h"

#define LIFE_MS 600000

static bool
is_verified(struct ph_jobs *jobs, const struct ph_file_stamp *stamp)
{
    const int64_t now_ms = ph_clock_boot_ms();
    bool found = false;

    jobs_lock(jobs);
    for (size_t i = 0; i < JOBS_VERIFIED_MAX && !found; i++) {
        const struct jobs_verified *entry = &jobs->verified[i];

        found = entry->stamp.changed_ns != 0 &&
                now_ms - entry->at_ms < LIFE_MS &&
                ph_file_stamp_equal(&entry->stamp, stamp);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return found;
}

static void
remember(struct ph_jobs *jobs, const struct ph_file_stamp *stamp)
{
    struct jobs_verified *entry;

    jobs_lock(jobs);
    entry = &jobs->verified[jobs->verified_next];
    jobs->verified_next = (jobs->verified_next + 1) % JOBS_VERIFIED_MAX;
    entry->stamp = *stamp;
    entry->at_ms = ph_clock_boot_ms();
    (void)pthread_mutex_unlock(&jobs->lock);
}

void
jobs_note_verified(struct ph_jobs *jobs, int fd)
{
    struct ph_file_stamp stamp;

    if (ph_file_stamp_of_fd(fd, &stamp) == PH_OK)
        remember(jobs, &stamp);
}

/* The stamp is taken before and after: a file that changes while it is
 * verified is verified again the next time. */
int
ph_jobs_verify_document(struct ph_jobs *jobs, struct ph_sealed_reader *reader,
                        const atomic_int *stop)
{
    struct ph_file_stamp before, after;
    int err = ph_file_stamp_of_fd(ph_sealed_reader_fd(reader), &before);

    if (err != PH_OK || is_verified(jobs, &before))
        return err;
    err = ph_sealed_reader_verify(reader, stop);
    if (err == PH_OK)
        err = ph_file_stamp_of_fd(ph_sealed_reader_fd(reader), &after);
    if (err == PH_OK && ph_file_stamp_equal(&before, &after))
        remember(jobs, &after);
    return err;
}
