#include "pull.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "part.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

/* One download, over as many requests as it takes. */
struct transfer {
    const struct ph_station_job *job;
    const struct ph_pull_options *options;
    struct ph_part *part;
    bool begun; /* the headers of this answer are checked */
    bool known; /* total and sha256, from the list or an answer */
    uint64_t total;
    uint8_t sha256[PH_REPLY_SHA256_BYTES];
    struct ph_why *why;
};

void
ph_pull_file_name(const struct ph_station_job *job,
                  char out_name[PH_PULL_NAME_MAX])
{
    static const struct {
        const char *format;
        const char *suffix;
    } table[] = {
        {"application/pdf", "pdf"},
        {"application/postscript", "ps"},
        {"image/pwg-raster", "pwg"},
        {"image/urf", "urf"},
        {"image/jpeg", "jpg"},
        {"image/png", "png"},
        {"text/plain", "txt"},
        {"application/vnd.cups-raster", "ras"},
        {"application/vnd.hp-pcl", "pcl"},
    };
    const char *suffix = "bin";

    for (size_t i = 0; i < PH_COUNT(table); i++) {
        if (strcmp(job->format, table[i].format) == 0)
            suffix = table[i].suffix;
    }
    (void)snprintf(out_name, PH_PULL_NAME_MAX, "%s.%s", job->id, suffix);
}

/* --- one answer --- */

/* Remember length and digest, or see that they did not change. */
static int
agree_on(struct transfer *transfer, uint64_t total, const uint8_t *sha256)
{
    if (transfer->job->size >= 0 && total != (uint64_t)transfer->job->size)
        return ph_why_fail(transfer->why, PH_ERR_CORRUPT,
                           "the list says %lld bytes, the document has %llu",
                           (long long)transfer->job->size,
                           (unsigned long long)total);
    if (transfer->known &&
        (total != transfer->total ||
         memcmp(sha256, transfer->sha256, PH_REPLY_SHA256_BYTES) != 0))
        return ph_why_fail(transfer->why, PH_ERR_CORRUPT,
                           "the document changed on the way");
    transfer->total = total;
    memcpy(transfer->sha256, sha256, PH_REPLY_SHA256_BYTES);
    transfer->known = true;
    return PH_OK;
}

static int
begin_part(struct transfer *transfer, const struct ph_reply_headers *headers)
{
    if (!headers->has_range || headers->range_first != transfer->part->size ||
        headers->range_last + 1 != headers->range_total ||
        strcmp(headers->etag, transfer->part->etag) != 0)
        return ph_why_fail(transfer->why, PH_ERR_PROTOCOL,
                           "the workstation sent another part than asked for");
    return agree_on(transfer, headers->range_total, headers->sha256);
}

static int
begin_whole(struct transfer *transfer, const struct ph_reply_headers *headers)
{
    int err;

    if (!headers->has_length)
        return ph_why_fail(transfer->why, PH_ERR_PROTOCOL,
                           "the workstation does not say how long the "
                           "document is");
    err = agree_on(transfer, headers->length, headers->sha256);
    if (err != PH_OK)
        return err;
    return ph_part_restart(transfer->part, headers->etag);
}

static int
begin_answer(struct transfer *transfer, const struct ph_https_reply *reply)
{
    if (!reply->headers.has_digest)
        return ph_why_fail(transfer->why, PH_ERR_PROTOCOL,
                           "the workstation sent no digest");
    if (reply->status == 206)
        return begin_part(transfer, &reply->headers);
    return begin_whole(transfer, &reply->headers);
}

static int
on_document(const struct ph_https_reply *reply, const void *bytes, size_t len,
            void *arg)
{
    struct transfer *transfer = arg;
    struct ph_part *part = transfer->part;
    int err = PH_OK;

    if (!transfer->begun)
        err = begin_answer(transfer, reply);
    transfer->begun = true;
    if (err != PH_OK)
        return err;
    if (len > transfer->total - part->size)
        return ph_why_fail(transfer->why, PH_ERR_CORRUPT,
                           "the document is longer than announced");
    err = ph_part_append(part, bytes, len);
    if (err != PH_OK)
        return ph_why_fail(transfer->why, err, "cannot write %s: %s",
                           part->name, ph_err_text(err));
    if (transfer->options->progress != NULL)
        transfer->options->progress(part->size, transfer->total,
                                    transfer->options->arg);
    return PH_OK;
}

/* --- the whole document --- */

/* One request. PH_OK when an answer came to its end. */
static int
one_try(struct ph_api *api, struct transfer *transfer, uint64_t *out_asked_s)
{
    struct ph_https_reply reply;
    int err;

    transfer->begun = false;
    ph_https_reply_init(&reply);
    err = ph_api_document(api, transfer->job->id, transfer->part->size,
                          transfer->part->etag, on_document, transfer, &reply,
                          transfer->why);
    *out_asked_s = reply.headers.retry_after_s;
    /* 416: the part is as long as the document or longer. */
    if (err == PH_OK && reply.status == 416) {
        err = transfer->part->size > 0 ? ph_part_restart(transfer->part, "")
                                       : PH_ERR_PROTOCOL;
        if (err == PH_OK)
            err = PH_ERR_CLOSED;
    } else if (err == PH_OK && !transfer->begun) {
        err = ph_why_fail(transfer->why, PH_ERR_CORRUPT,
                          "the document has no bytes");
    }
    ph_https_reply_close(&reply);
    return err;
}

/* Until everything is there. Tries are counted from the last new byte. */
static int
fetch(struct ph_api *api, struct transfer *transfer)
{
    unsigned tries = 0;

    for (;;) {
        uint64_t before = transfer->part->size;
        uint64_t asked_s = 0;
        int err = one_try(api, transfer, &asked_s);

        if (err == PH_OK)
            return PH_OK;
        if (transfer->part->size > before)
            tries = 0;
        tries++;
        if (!ph_api_worth_another_try(err) || tries >= transfer->options->tries)
            return err;
        ph_api_pause(tries, asked_s);
    }
}

/* A part from an earlier run that does not fit is not held against the
 * workstation: once more from the first byte. */
static int
fetch_checked(struct ph_api *api, struct transfer *transfer,
              uint64_t *resumed_at)
{
    int err = fetch(api, transfer);

    if (err == PH_OK)
        err = ph_part_check(transfer->part, transfer->total, transfer->sha256);
    if (err == PH_ERR_CORRUPT && *resumed_at > 0) {
        *resumed_at = 0;
        err = ph_part_restart(transfer->part, "");
        if (err == PH_OK)
            err = fetch(api, transfer);
        if (err == PH_OK)
            err = ph_part_check(transfer->part, transfer->total,
                                transfer->sha256);
    }
    if (err == PH_ERR_CORRUPT) {
        ph_part_discard(transfer->part);
        if (transfer->why->text[0] == '\0')
            ph_why_set(transfer->why, "what arrived is not the document that "
                                      "the workstation announced");
    }
    return err;
}

/* Did an earlier run get everything, and end before it could say so? A part
 * that only looks so is dropped by the failed check: its hash is spent. */
static bool
is_whole(struct transfer *transfer)
{
    if (!transfer->known || transfer->part->size != transfer->total)
        return false;
    if (ph_part_check(transfer->part, transfer->total, transfer->sha256) ==
        PH_OK)
        return true;
    (void)ph_part_restart(transfer->part, "");
    return false;
}

static int
download(struct ph_api *api, const struct ph_station_job *job,
         const struct ph_pull_options *options, struct ph_pull_result *result,
         struct ph_why *why)
{
    struct ph_part part;
    struct transfer transfer = {
        .job = job, .options = options, .part = &part, .why = why};
    int err = ph_part_open(options->dirfd, job->id, &part, why);

    if (err != PH_OK)
        return err;
    if (job->has_sha256 && job->size >= 0) {
        transfer.known = true;
        transfer.total = (uint64_t)job->size;
        memcpy(transfer.sha256, job->sha256, sizeof(transfer.sha256));
    }
    result->resumed_at = part.size;
    if (!is_whole(&transfer))
        err = fetch_checked(api, &transfer, &result->resumed_at);
    if (err != PH_OK)
        goto out;
    result->size = part.size;
    err = ph_part_publish(&part, result->name, options->force);
    if (err != PH_OK)
        err = ph_why_fail(why, err, "cannot store %s: %s", result->name,
                          ph_err_text(err));
out:
    ph_part_close(&part);
    return err;
}

/* A file of that name is in the way, unless it is this very document: then an
 * earlier run ended between storing it and saying so. */
static int
look_at_name(int dirfd, const struct ph_station_job *job,
             struct ph_pull_result *result, bool *out_have, struct ph_why *why)
{
    struct stat st;

    if (fstatat(dirfd, result->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return PH_OK;
    if (!job->has_sha256 || job->size < 0 ||
        ph_part_compare(dirfd, result->name, (uint64_t)job->size,
                        job->sha256) != PH_OK)
        return ph_why_fail(why, PH_ERR_EXISTS,
                           "%s is there already; --force replaces it",
                           result->name);
    result->size = (uint64_t)job->size;
    result->resumed_at = result->size;
    *out_have = true;
    return PH_OK;
}

int
ph_pull_job(struct ph_api *api, const struct ph_station_job *job,
            const struct ph_pull_options *options,
            struct ph_pull_result *out_result, struct ph_why *why)
{
    struct ph_pull_result result = {.completed = false};
    struct ph_why ignored = {{0}};
    bool have = false;
    int err = PH_OK;

    why->text[0] = '\0';
    ph_pull_file_name(job, result.name);
    if (!options->force)
        err = look_at_name(options->dirfd, job, &result, &have, why);
    if (err == PH_OK)
        err = ph_api_claim(api, job->id, why);
    if (err != PH_OK)
        return err;
    why->text[0] = '\0';
    if (!have)
        err = download(api, job, options, &result, why);
    if (err == PH_OK && options->complete) {
        err = ph_api_complete(api, job->id, "printed", why);
        result.completed = err == PH_OK;
        *out_result = result;
        return err;
    }
    if (!options->keep_claim)
        (void)ph_api_unclaim(api, job->id, &ignored);
    if (err == PH_OK)
        *out_result = result;
    return err;
}
