#include "printhold/net/enrolled.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/ca.h"
#include "printhold/crypto/machine_mark.h"

#define FOLDER      "identity"
#define CURRENT     "current"
#define NEXT        "next"
#define MAKING      "next.tmp"
#define LINKING     "current.tmp"
#define TRUST       "trust.pem"
#define KEY         "key.pem"
#define CERT        "cert.pem"
#define CA          "ca.pem"
#define ISSUER      "issuer.pem"
#define DIRECTORY   "directory.key"
#define ANSWER      "answer.json"
#define MACHINE     "machine"
#define UNKNOWN     "unknown"
#define NUMBER_MAX  999999999
#define NUMBER_TEXT 12

struct ph_enrolled_store {
    int fd; /* of DIR/identity, locked */
    char path[PH_ENROLLED_PATH_MAX];
    char mark[PH_MACHINE_MARK_TEXT];
};

/* --- paths and marks --- */

static int
put_path(char dst[PH_ENROLLED_PATH_MAX], const char *dir, const char *rest,
         struct ph_why *why)
{
    int len = snprintf(dst, PH_ENROLLED_PATH_MAX, "%s/" FOLDER "%s", dir, rest);

    if (len < 0 || len >= PH_ENROLLED_PATH_MAX)
        return ph_why_fail(why, PH_ERR_TOO_BIG,
                           "the path of the identity is too long: %s", dir);
    return PH_OK;
}

/* A computer that does not tell its number is told from none. */
static void
own_mark(char out_mark[PH_MACHINE_MARK_TEXT])
{
    if (ph_machine_mark(out_mark, NULL) != PH_OK)
        (void)snprintf(out_mark, PH_MACHINE_MARK_TEXT, UNKNOWN);
}

static bool
has_mark(int fd, const char *mark)
{
    struct ph_buf text;
    const char *kept;
    bool is_same = false;

    if (ph_io_read_file(fd, MACHINE, PH_MACHINE_MARK_TEXT, &text) == PH_OK) {
        kept = ph_buf_str(&text);
        is_same = kept != NULL && strcmp(kept, mark) == 0;
    }
    ph_buf_close(&text);
    return is_same;
}

static int
open_folder(int dirfd, const char *name)
{
    return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* --- looking --- */

static int
not_enrolled(int err, struct ph_why *why)
{
    return ph_why_fail(why, err, "this computer is not enrolled at a hub");
}

static int
fill_paths(const char *dir, struct ph_enrolled *enrolled, struct ph_why *why)
{
    int err = put_path(enrolled->cert_file, dir, "/" CURRENT "/" CERT, why);

    if (err == PH_OK)
        err = put_path(enrolled->key_file, dir, "/" CURRENT "/" KEY, why);
    if (err == PH_OK)
        err = put_path(enrolled->ca_file, dir, "/" CURRENT "/" CA, why);
    if (err == PH_OK && enrolled->identity.kind == PH_IDENTITY_WORKSTATION) {
        err = put_path(enrolled->issuer_key_file, dir, "/" CURRENT "/" ISSUER,
                       why);
        if (err == PH_OK)
            err = put_path(enrolled->directory_key_file, dir,
                           "/" CURRENT "/" DIRECTORY, why);
    }
    return err;
}

static int
read_answer(int fd, struct ph_enrolled *enrolled, struct ph_why *why)
{
    struct ph_enrolment *said = calloc(1, sizeof(*said));
    struct ph_buf text;
    int err = ph_io_read_file(fd, ANSWER, PH_ENROLMENT_ANSWER_MAX, &text);

    if (said == NULL)
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_enrolment_parse(text.data, text.len, said, why);
    if (err == PH_OK)
        err = ph_sha256(said->directory_key, sizeof(said->directory_key),
                        enrolled->directory_key_hash);
    if (err == PH_OK) {
        enrolled->renew_after_ms = said->renew_after_ms;
        memcpy(enrolled->hub, said->hub, sizeof(enrolled->hub));
        memcpy(enrolled->issuer, said->issuer, sizeof(enrolled->issuer));
        memcpy(enrolled->broker, said->broker, sizeof(enrolled->broker));
    }
    ph_buf_close(&text);
    if (said != NULL)
        ph_wipe(said, sizeof(*said));
    free(said);
    return err;
}

static int
look_into(int fd, const char *dir, struct ph_enrolled *enrolled,
          struct ph_why *why)
{
    struct ph_why inner = {""};
    char mark[PH_MACHINE_MARK_TEXT];
    int err;

    own_mark(mark);
    if (!has_mark(fd, mark))
        return ph_why_fail(why, PH_ERR_STATE,
                           "the identity in %s/" FOLDER
                           " was made on another computer, of which this disk "
                           "is a copy; it is not used: enrol this computer "
                           "with a token of its own",
                           dir);
    err = put_path(enrolled->cert_file, dir, "/" CURRENT "/" CERT, why);
    if (err == PH_OK)
        err = ph_identity_of_file(enrolled->cert_file, &enrolled->identity,
                                  &inner);
    if (err == PH_OK)
        err = read_answer(fd, enrolled, &inner);
    if (err == PH_OK)
        return fill_paths(dir, enrolled, why);
    if (err == PH_ERR_NOMEM)
        return err;
    return ph_why_fail(why, PH_ERR_CORRUPT,
                       "the identity in %s/" FOLDER
                       " cannot be read (%s); enrol this computer anew",
                       dir,
                       inner.text[0] != '\0' ? inner.text : ph_err_text(err));
}

int
ph_enrolled_look(const char *dir, struct ph_enrolled *out_enrolled,
                 struct ph_why *why)
{
    struct ph_enrolled enrolled = {.renew_after_ms = 0};
    char path[PH_ENROLLED_PATH_MAX];
    int fd, err = put_path(path, dir, "/" CURRENT, why);

    if (err != PH_OK)
        return err;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return not_enrolled(PH_ERR_NOT_FOUND, why);
    if (fd < 0)
        return ph_why_fail(why, PH_ERR_CORRUPT, "cannot open %s: %s", path,
                           strerror(errno));
    err = look_into(fd, dir, &enrolled, why);
    ph_io_close(&fd);
    if (err == PH_OK)
        *out_enrolled = enrolled;
    return err;
}

/* --- folders --- */

/* Folders of ours have files only. */
static int
remove_folder(int dirfd, const char *name)
{
    int fd = open_folder(dirfd, name);
    struct dirent *entry;
    DIR *dir;

    if (fd < 0)
        return errno == ENOENT ? PH_OK : ph_err_from_errno(errno);
    dir = fdopendir(fd);
    if (dir == NULL) {
        ph_io_close(&fd);
        return PH_ERR_NOMEM;
    }
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(fd, entry->d_name, 0);
    (void)closedir(dir);
    return unlinkat(dirfd, name, AT_REMOVEDIR) == 0 ? PH_OK
                                                    : ph_err_from_errno(errno);
}

static uint64_t
number_of(const char *name)
{
    uint64_t number = 0;

    return ph_parse_u64(name, 1, NUMBER_MAX, &number) == PH_OK ? number : 0;
}

/* Call each for every numbered folder; the highest is returned, 0 for none. */
static int
each_number(struct ph_enrolled_store *store,
            void (*each)(struct ph_enrolled_store *store, const char *name,
                         uint64_t kept),
            uint64_t kept, uint64_t *out_highest)
{
    int fd = open_folder(store->fd, ".");
    struct dirent *entry;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (dir == NULL) {
        ph_io_close(&fd);
        return PH_ERR_IO;
    }
    *out_highest = 0;
    while ((entry = readdir(dir)) != NULL) {
        const uint64_t number = number_of(entry->d_name);

        if (number > *out_highest)
            *out_highest = number;
        if (number != 0 && each != NULL)
            each(store, entry->d_name, kept);
    }
    (void)closedir(dir);
    return PH_OK;
}

static void
remove_old(struct ph_enrolled_store *store, const char *name, uint64_t kept)
{
    if (number_of(name) != kept)
        (void)remove_folder(store->fd, name);
}

static uint64_t
current_number(const struct ph_enrolled_store *store)
{
    char name[NUMBER_TEXT];
    ssize_t len = readlinkat(store->fd, CURRENT, name, sizeof(name) - 1);

    if (len <= 0)
        return 0;
    name[len] = '\0';
    return number_of(name);
}

/* The step by which it comes into force. */
static int
point_to(struct ph_enrolled_store *store, uint64_t number)
{
    char name[NUMBER_TEXT];
    uint64_t highest;
    int err;

    (void)snprintf(name, sizeof(name), "%u", (unsigned)number);
    (void)unlinkat(store->fd, LINKING, 0);
    if (symlinkat(name, store->fd, LINKING) != 0)
        return ph_err_from_errno(errno);
    err = ph_io_rename_durable(store->fd, LINKING, store->fd, CURRENT);
    if (err == PH_OK)
        (void)each_number(store, remove_old, number, &highest);
    return err;
}

/* Whole folders that are not in force yet: it was interrupted just then. */
static int
go_on(struct ph_enrolled_store *store)
{
    char name[NUMBER_TEXT];
    uint64_t highest;
    bool is_ours;
    int fd, err = each_number(store, NULL, 0, &highest);

    if (err != PH_OK || highest == 0 || highest == current_number(store))
        return err;
    (void)snprintf(name, sizeof(name), "%u", (unsigned)highest);
    fd = open_folder(store->fd, name);
    is_ours = fd >= 0 && has_mark(fd, store->mark);
    ph_io_close(&fd);
    return is_ours ? point_to(store, highest) : remove_folder(store->fd, name);
}

int
ph_enrolled_open(const char *dir, struct ph_enrolled_store **out_store,
                 struct ph_why *why)
{
    struct ph_enrolled_store *store = calloc(1, sizeof(*store));
    int err;

    if (store == NULL)
        return PH_ERR_NOMEM;
    store->fd = -1;
    own_mark(store->mark);
    err = put_path(store->path, dir, "", why);
    if (err == PH_OK)
        err = ph_io_open_dir(store->path, true, 0700, &store->fd, why);
    if (err == PH_OK) {
        err = ph_io_lock(store->fd);
        if (err == PH_OK)
            err = go_on(store);
        if (err != PH_OK)
            (void)ph_why_fail(why, err, "%s: %s", store->path,
                              err == PH_ERR_BUSY
                                  ? "another program is enrolling or renewing"
                                  : ph_err_text(err));
    }
    if (err == PH_OK)
        *out_store = store;
    else
        ph_enrolled_close(store);
    return err;
}

void
ph_enrolled_close(struct ph_enrolled_store *store)
{
    if (store == NULL)
        return;
    if (store->fd >= 0)
        (void)unlinkat(store->fd, TRUST, 0);
    ph_io_close(&store->fd);
    free(store);
}

int
ph_enrolled_settle(const char *dir, struct ph_why *why)
{
    struct ph_enrolled_store *store = NULL;
    char path[PH_ENROLLED_PATH_MAX];
    struct stat st;
    int err = put_path(path, dir, "", why);

    if (err != PH_OK || stat(path, &st) != 0)
        return err;
    err = ph_enrolled_open(dir, &store, why);
    ph_enrolled_close(store);
    return err == PH_ERR_BUSY ? PH_OK : err;
}

/* --- the next key --- */

static int
read_next(struct ph_enrolled_store *store, struct ph_buf *out_pem)
{
    uint8_t spki[PH_P256_SPKI_BYTES];
    struct ph_buf pem;
    int fd = open_folder(store->fd, NEXT);
    int err = PH_ERR_NOT_FOUND;

    if (fd < 0)
        return err;
    /* One that was made on another computer has been there, too. */
    if (has_mark(fd, store->mark)) {
        err = ph_io_read_file(fd, KEY, PH_ENROLMENT_PEM_MAX, &pem);
        if (err == PH_OK)
            err = ph_p256_key_spki(&pem, spki);
        ph_buf_clear(out_pem);
        if (err == PH_OK)
            err = ph_buf_put(out_pem, pem.data, pem.len);
        ph_buf_close(&pem);
    }
    ph_io_close(&fd);
    return err;
}

static int
write_next(struct ph_enrolled_store *store, const struct ph_buf *pem)
{
    int fd, err = remove_folder(store->fd, MAKING);

    if (err == PH_OK)
        err = remove_folder(store->fd, NEXT);
    if (err != PH_OK)
        return err;
    if (mkdirat(store->fd, MAKING, 0700) != 0)
        return ph_err_from_errno(errno);
    fd = open_folder(store->fd, MAKING);
    if (fd < 0)
        return ph_err_from_errno(errno);
    err = ph_io_write_file(fd, KEY, pem->data, pem->len, 0600);
    if (err == PH_OK)
        err = ph_io_write_file(fd, MACHINE, store->mark, strlen(store->mark),
                               0600);
    ph_io_close(&fd);
    if (err == PH_OK)
        err = ph_io_rename_durable(store->fd, MAKING, store->fd, NEXT);
    return err;
}

int
ph_enrolled_next_key(struct ph_enrolled_store *store, struct ph_buf *out_pem,
                     struct ph_why *why)
{
    int err = read_next(store, out_pem);

    if (err == PH_OK)
        return PH_OK;
    ph_buf_clear(out_pem);
    err = ph_p256_key_make(out_pem);
    if (err == PH_OK)
        err = write_next(store, out_pem);
    return err == PH_OK
               ? PH_OK
               : ph_why_fail(why, err, "cannot write a new key in %s: %s",
                             store->path, ph_err_text(err));
}

/* --- what the hub said --- */

static int
write_text(int fd, const char *name, const char *text)
{
    return ph_io_write_file(fd, name, text, strlen(text), 0600);
}

static int
write_answer(int fd, const struct ph_enrolment *said,
             const struct ph_buf *answer)
{
    int err = write_text(fd, CERT, said->certificate);

    if (err == PH_OK)
        err = write_text(fd, CA, said->authority);
    if (err == PH_OK && said->kind == PH_IDENTITY_WORKSTATION) {
        err = write_text(fd, ISSUER, said->issuer_keys);
        if (err == PH_OK)
            err = ph_io_write_file(fd, DIRECTORY, said->directory_key,
                                   sizeof(said->directory_key), 0600);
    }
    if (err == PH_OK)
        err = ph_io_write_file(fd, ANSWER, answer->data, answer->len, 0600);
    return err;
}

int
ph_enrolled_take(struct ph_enrolled_store *store,
                 const struct ph_enrolment *enrolment,
                 const struct ph_buf *answer, struct ph_why *why)
{
    char name[NUMBER_TEXT];
    uint64_t highest = 0;
    int fd = open_folder(store->fd, NEXT);
    int err = fd >= 0 ? PH_OK : ph_err_from_errno(errno);

    if (err == PH_OK)
        err = write_answer(fd, enrolment, answer);
    ph_io_close(&fd);
    if (err == PH_OK)
        err = each_number(store, NULL, 0, &highest);
    if (err == PH_OK) {
        (void)snprintf(name, sizeof(name), "%u", (unsigned)highest + 1);
        err = ph_io_rename_durable(store->fd, NEXT, store->fd, name);
    }
    if (err == PH_OK)
        err = point_to(store, highest + 1);
    return err == PH_OK
               ? PH_OK
               : ph_why_fail(why, err, "cannot keep the certificate in %s: %s",
                             store->path, ph_err_text(err));
}

int
ph_enrolled_put_trust(struct ph_enrolled_store *store, const char *pem,
                      char out_path[PH_ENROLLED_PATH_MAX], struct ph_why *why)
{
    int err = write_text(store->fd, TRUST, pem);
    int len =
        snprintf(out_path, PH_ENROLLED_PATH_MAX, "%s/" TRUST, store->path);

    if (len < 0 || len >= PH_ENROLLED_PATH_MAX)
        err = PH_ERR_TOO_BIG;
    return err == PH_OK ? PH_OK
                        : ph_why_fail(why, err, "cannot write %s/" TRUST ": %s",
                                      store->path, ph_err_text(err));
}
