/* What a person chose at the printer, kept sealed with the claim. */
#include "jobs_private.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/choices.h"

#define TEXT_MAX   2048
#define SEALED_MAX (TEXT_MAX + 256)

/* Bound to the job, and no record of another kind. */
struct binding {
    uint8_t job[PH_ID_BYTES];
    char kind[6];
};

static struct binding
bind(const struct job_row *row)
{
    struct binding binding = {.kind = "chosen"};

    memcpy(binding.job, row->row.id.bytes, sizeof(binding.job));
    return binding;
}

static int
parse(const struct ph_buf *plain, struct ph_release_choices *out_choices)
{
    json_t *root = NULL;
    int err = ph_json_parse(plain->data, plain->len, TEXT_MAX, &root);

    if (err == PH_OK)
        err = ph_release_choices_take(root, out_choices, NULL);
    json_decref(root);
    return err;
}

int
jobs_chosen(struct ph_jobs *jobs, const struct job_row *row,
            struct ph_release_choices *out_choices)
{
    const struct binding binding = bind(row);
    struct ph_release_choices choices = {.copies = 0};
    struct ph_buf sealed, plain;
    int err;

    ph_buf_init(&sealed, SEALED_MAX);
    ph_buf_init(&plain, TEXT_MAX);
    err = ph_catalogue_chosen_get(jobs->catalogue, &row->row.id, &sealed);
    if (err == PH_OK)
        err = ph_epoch_keys_unseal(jobs->keys, &row->row.epoch, &binding,
                                   sizeof(binding), sealed.data, sealed.len,
                                   &plain);
    if (err == PH_OK)
        err = parse(&plain, &choices);
    ph_buf_close(&sealed);
    ph_buf_close(&plain);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return err;
    *out_choices = choices;
    return PH_OK;
}

static int
store(struct ph_jobs *jobs, const struct job_row *row,
      const struct ph_release_choices *choices)
{
    const struct binding binding = bind(row);
    json_t *root = json_object();
    struct ph_buf sealed, plain;
    int err;

    ph_buf_init(&sealed, SEALED_MAX);
    ph_buf_init(&plain, TEXT_MAX);
    err = ph_release_choices_put(choices, root);
    if (err == PH_OK)
        err = ph_json_put(root, &plain);
    if (err == PH_OK)
        err =
            ph_epoch_keys_seal(jobs->keys, &row->row.epoch, &binding,
                               sizeof(binding), plain.data, plain.len, &sealed);
    if (err == PH_OK)
        err = ph_catalogue_chosen_set(jobs->catalogue, &row->row.id,
                                      sealed.data, sealed.len);
    json_decref(root);
    ph_buf_close(&sealed);
    ph_buf_close(&plain);
    return err;
}

int
ph_jobs_choose(struct ph_jobs *jobs, const struct ph_asker *asker,
               const struct ph_id *id, const char *printer,
               const struct ph_release_choices *choices,
               struct ph_release_choices *out_choices)
{
    struct job_row row;
    int err;

    jobs_lock(jobs);
    err = jobs_claimed_row(jobs, asker, id, printer, &row);
    if (err == PH_OK && choices != NULL)
        err = store(jobs, &row, choices);
    if (err == PH_OK)
        err = jobs_chosen(jobs, &row, out_choices);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}
