/*
 * Whose a job is, as far as printers are concerned: the login of its owner.
 *
 * A job of an account without a login is held all the same, unmapped: its owner
 * in the catalogue is zeros, which no login has, so that no printer and no
 * document of the cloud can know of it, and no event tells. When the rules give
 * the account a login, its jobs are adopted: first the spool file says so, then
 * the catalogue, with document and event.
 *
 * A job that has a login keeps it, whatever the rules say later: a document
 * never goes from one person to another because somebody edited a file.
 */
#include "jobs_private.h"

#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include "account.h"
#include "owner.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/proto/ticket_json.h"

/* A file that changed less than so long ago may still be being written. */
#define SETTLE_MS 1000

/* --- the site's map --- */

#ifdef __APPLE__
#define CHANGED st_mtimespec
#define TOUCHED st_ctimespec
#else
#define CHANGED st_mtim
#define TOUCHED st_ctim
#endif

static int64_t
changed_ms(const struct stat *st)
{
    return (int64_t)st->CHANGED.tv_sec * 1000 + st->CHANGED.tv_nsec / 1000000;
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && is_same_time(&a->CHANGED, &b->CHANGED) &&
           is_same_time(&a->TOUCHED, &b->TOUCHED);
}

int
jobs_owners_open(struct ph_jobs *jobs, struct ph_why *why)
{
    const char *path = jobs->config.owner_map_file;
    int err;

    jobs->owners.adopt = true;
    if (path[0] == '\0')
        return PH_OK;
    err = ph_owner_map_load(path, &jobs->owners.map, &jobs->owners.file, why);
    return err == PH_OK || err == PH_ERR_NOMEM ? err : PH_ERR_CONFIG;
}

/* Say once what is wrong; lock held. */
static void
note(struct ph_jobs *jobs, const char *text)
{
    struct jobs_owners *owners = &jobs->owners;

    if (strcmp(owners->problem.text, text) == 0)
        return;
    if (text[0] != '\0')
        ph_log_error("%s; the owners of before stay in force", text);
    else
        ph_log_notice("owner.map_file is in order again");
    ph_why_set(&owners->problem, "%s", text);
}

static void
take_map(struct ph_jobs *jobs, struct ph_owner_map *map, const struct stat *st)
{
    jobs_lock(jobs);
    ph_owner_map_free(jobs->owners.map);
    jobs->owners.map = map;
    jobs->owners.file = *st;
    jobs->owners.adopt = true;
    note(jobs, "");
    (void)pthread_mutex_unlock(&jobs->lock);
    ph_log_notice("owner.map_file: %zu accounts", ph_owner_map_count(map));
}

static void
keep_map(struct ph_jobs *jobs, const char *text)
{
    jobs_lock(jobs);
    note(jobs, text);
    (void)pthread_mutex_unlock(&jobs->lock);
}

bool
jobs_owners_refresh(struct ph_jobs *jobs, int64_t wall_ms)
{
    const char *path = jobs->config.owner_map_file;
    struct ph_owner_map *map = NULL;
    struct ph_why why;
    struct stat st;
    int64_t age_ms;
    bool same;

    if (path[0] == '\0')
        return true;
    if (stat(path, &st) == 0) {
        jobs_lock(jobs);
        same = is_same_file(&st, &jobs->owners.file);
        if (same)
            note(jobs, "");
        (void)pthread_mutex_unlock(&jobs->lock);
        if (same)
            return true;
        age_ms = wall_ms - changed_ms(&st);
        if (age_ms >= 0 && age_ms < SETTLE_MS)
            return false;
    }
    if (ph_owner_map_load(path, &map, &st, &why) == PH_OK)
        take_map(jobs, map, &st);
    else
        keep_map(jobs, why.text);
    return true;
}

bool
jobs_login(struct ph_jobs *jobs, const char *account, char *dst, size_t cap)
{
    return ph_owner_login(jobs->owners.map, jobs->config.owner_domain, account,
                          dst, cap);
}

int
ph_jobs_login_of(struct ph_jobs *jobs, uint32_t uid,
                 char out_login[PH_TICKET_TEXT_MAX], struct ph_why *why)
{
    char account[PH_TICKET_TEXT_MAX];
    bool has_login;

    if (ph_account_name(uid, account, sizeof(account)) != PH_OK)
        return ph_why_fail(why, PH_ERR_NOT_FOUND,
                           "the account with the number %u is not known on "
                           "this computer just now",
                           (unsigned)uid);
    jobs_lock(jobs);
    has_login = jobs_login(jobs, account, out_login, PH_TICKET_TEXT_MAX);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (!has_login)
        return ph_why_fail(why, PH_ERR_NOT_FOUND,
                           "your account %s stands for no login of the "
                           "organisation; ask your administrator (owner.domain "
                           "or owner.map_file)",
                           account);
    return PH_OK;
}

/* --- adoption --- */

#define ADOPT_BATCH 64

struct unmapped {
    struct ph_catalogue_place places[ADOPT_BATCH];
    size_t count;
};

static bool
collect(const struct ph_catalogue_job *row, void *arg)
{
    struct unmapped *found = arg;

    found->places[found->count++] =
        (struct ph_catalogue_place){row->held_ms, row->id};
    return found->count < ADOPT_BATCH;
}

/* The next of them in the order of the catalogue. */
static int
find_unmapped(struct ph_jobs *jobs, const struct ph_catalogue_place *after,
              struct unmapped *found)
{
    static const uint8_t nobody[PH_OWNER_KEY_BYTES];
    const struct ph_catalogue_filter filter = {.owner = nobody, .after = after};
    int err;

    found->count = 0;
    jobs_lock(jobs);
    err = ph_catalogue_list(jobs->catalogue, &filter, collect, found);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

/* The spool file's newest record. Adopted twice, after a crash between the two,
 * it says the same twice. */
static int
tell_file(struct ph_jobs *jobs, const struct ph_id *id,
          const struct ph_buf *text, uint32_t *out_sequence)
{
    int fd = -1, err = ph_spool_append(jobs->spool, id, &fd);

    if (err == PH_OK)
        err = ph_sealed_update_metadata(fd, jobs->keys, text->data, text->len,
                                        out_sequence);
    ph_io_close(&fd);
    return err;
}

static int
tell_catalogue(struct ph_jobs *jobs, const struct job_row *row,
               const struct ph_ticket *ticket, uint32_t sequence,
               const struct ph_buf *sealed)
{
    uint8_t owner[PH_OWNER_KEY_BYTES];
    int err = jobs_owner(jobs, ticket->owner_login, owner);

    if (err == PH_OK)
        err = ph_catalogue_begin(jobs->catalogue);
    if (err != PH_OK)
        return err;
    err = ph_catalogue_set_owner(jobs->catalogue, &row->row.id, owner, sequence,
                                 sealed->data, sealed->len);
    if (err == PH_OK)
        err = jobs_touch(jobs, ticket->owner_login, owner);
    if (err == PH_OK)
        err =
            jobs_add_event(jobs, &row->row.id, ticket, PH_JOB_HELD, NULL, NULL);
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    return err;
}

static int
give_login(struct ph_jobs *jobs, const struct job_row *row,
           const struct ph_ticket *ticket)
{
    const struct ph_ticket_held held = {row->view.held_ms, row->row.keep};
    const struct ph_id *id = &row->row.id;
    struct ph_buf text, sealed;
    uint32_t sequence = 0;
    int err;

    ph_buf_init(&text, PH_SEALED_METADATA_MAX);
    ph_buf_init(&sealed, PH_SEALED_METADATA_MAX + 256);
    err = ph_ticket_record_put(ticket, &held, &text);
    if (err == PH_OK)
        err = ph_epoch_keys_seal(jobs->keys, &row->row.epoch, id->bytes,
                                 PH_ID_BYTES, text.data, text.len, &sealed);
    if (err == PH_OK)
        err = tell_file(jobs, id, &text, &sequence);
    if (err == PH_OK)
        err = tell_catalogue(jobs, row, ticket, sequence, &sealed);
    ph_buf_close(&text);
    ph_buf_close(&sealed);
    return err;
}

/* One job, if its account has a login now; lock held. */
static int
adopt(struct ph_jobs *jobs, const struct ph_id *id, size_t *adopted)
{
    static const struct ph_asker everyone = {.everyone = true};
    struct ph_ticket ticket;
    struct job_row row;
    char text[PH_ID_TEXT];
    int err;

    if (jobs_row(jobs, &everyone, id, &row) != PH_OK ||
        !ph_job_state_has_document(row.row.state))
        return PH_OK; /* gone, or unreadable: others say so */
    ticket = row.view.ticket;
    if (!jobs_login(jobs, ticket.owner_name, ticket.owner_login,
                    sizeof(ticket.owner_login)))
        return PH_OK;
    err = give_login(jobs, &row, &ticket);
    ph_id_format(id, text);
    if (err == PH_OK) {
        ph_log_info("job %s: its owner has a login now", text);
        ++*adopted;
    } else {
        ph_log_warning("job %s: cannot note the login of its owner: %s, "
                       "continuing",
                       text, ph_err_text(err));
    }
    return err;
}

int
jobs_adopt(struct ph_jobs *jobs, size_t *out_adopted)
{
    struct ph_catalogue_place place = {.held_ms = INT64_MIN};
    struct unmapped found;
    bool wanted;
    int err = PH_OK, failed = PH_OK;

    jobs_lock(jobs);
    wanted = jobs->owners.adopt;
    jobs->owners.adopt = false;
    (void)pthread_mutex_unlock(&jobs->lock);
    if (!wanted)
        return PH_OK;
    do {
        err = find_unmapped(jobs, &place, &found);
        for (size_t i = 0; i < found.count && err == PH_OK; i++) {
            jobs_lock(jobs);
            if (adopt(jobs, &found.places[i].id, out_adopted) != PH_OK)
                failed = PH_ERR_AGAIN;
            (void)pthread_mutex_unlock(&jobs->lock);
            place = found.places[i];
        }
    } while (err == PH_OK && found.count == ADOPT_BATCH);
    if (err == PH_OK && failed == PH_OK)
        return PH_OK;
    jobs_lock(jobs);
    jobs->owners.adopt = true;
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}
