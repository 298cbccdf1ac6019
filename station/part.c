#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define READ_BYTES    (64 * 1024)
#define ETAG_NAME_MAX (PH_PART_NAME_MAX + 8)

static void
etag_name(const struct ph_part *part, char name[ETAG_NAME_MAX])
{
    (void)snprintf(name, ETAG_NAME_MAX, "%s.etag", part->name);
}

/* The tag that an earlier run noted; empty when there is none to trust. */
static void
load_etag(struct ph_part *part)
{
    char name[ETAG_NAME_MAX];
    struct ph_reply_headers headers;
    struct ph_buf text;
    struct ph_buf line;

    etag_name(part, name);
    if (ph_io_read_file(part->dirfd, name, PH_REPLY_ETAG_MAX, &text) != PH_OK)
        return;
    ph_reply_headers_init(&headers);
    ph_buf_init(&line, 2 * PH_REPLY_ETAG_MAX);
    if (ph_buf_put_str(&line, "ETag: ") == PH_OK &&
        ph_buf_put(&line, text.data, text.len) == PH_OK &&
        ph_reply_headers_take(&headers, (const char *)line.data, line.len) ==
            PH_OK)
        memcpy(part->etag, headers.etag, sizeof(part->etag));
    ph_buf_close(&line);
    ph_buf_close(&text);
}

static int
hash_present(struct ph_part *part)
{
    uint8_t bytes[READ_BYTES];
    size_t got = 0;

    if (lseek(part->fd, 0, SEEK_SET) != 0)
        return PH_ERR_IO;
    do {
        int err = ph_io_read_full(part->fd, bytes, sizeof(bytes), &got);

        if (err != PH_OK)
            return err;
        if (EVP_DigestUpdate(part->digest, bytes, got) != 1)
            return PH_ERR_CRYPTO;
        part->size += got;
    } while (got == sizeof(bytes));
    return PH_OK;
}

static int
forget_bytes(struct ph_part *part)
{
    if (ftruncate(part->fd, 0) != 0 || lseek(part->fd, 0, SEEK_SET) != 0)
        return ph_err_from_errno(errno);
    part->size = 0;
    part->etag[0] = '\0';
    if (EVP_DigestInit_ex(part->digest, EVP_sha256(), NULL) != 1)
        return PH_ERR_CRYPTO;
    return PH_OK;
}

/* Another process may have published and unlinked the file between our open
 * and our lock; what we hold then is its finished document. */
static bool
still_has_its_name(const struct ph_part *part, const struct stat *held)
{
    struct stat named;

    return fstatat(part->dirfd, part->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_ino == held->st_ino && named.st_dev == held->st_dev;
}

static int
open_locked(struct ph_part *part, struct ph_why *why)
{
    struct stat st;

    part->fd = openat(part->dirfd, part->name,
                      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (part->fd < 0)
        return ph_why_fail(why, ph_err_from_errno(errno), "cannot open %s: %s",
                           part->name, strerror(errno));
    if (fstat(part->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ph_why_fail(why, PH_ERR_DENIED, "%s is not a file; remove it",
                           part->name);
    if (flock(part->fd, LOCK_EX | LOCK_NB) != 0 ||
        !still_has_its_name(part, &st))
        return ph_why_fail(why, PH_ERR_BUSY,
                           "another printhold-station is pulling %s",
                           part->name);
    return PH_OK;
}

int
ph_part_open(int dirfd, const char *job_id, struct ph_part *out_part,
             struct ph_why *why)
{
    struct ph_part part = {.dirfd = dirfd, .fd = -1};
    int err;

    (void)snprintf(part.name, sizeof(part.name), "%s.part", job_id);
    part.digest = EVP_MD_CTX_new();
    if (part.digest == NULL ||
        EVP_DigestInit_ex(part.digest, EVP_sha256(), NULL) != 1) {
        err = PH_ERR_CRYPTO;
        goto out;
    }
    err = open_locked(&part, why);
    if (err != PH_OK)
        goto out;
    load_etag(&part);
    err = part.etag[0] != '\0' ? hash_present(&part) : forget_bytes(&part);
out:
    if (err != PH_OK) {
        ph_part_close(&part);
        return err;
    }
    *out_part = part;
    return PH_OK;
}

int
ph_part_restart(struct ph_part *part, const char *etag)
{
    char name[ETAG_NAME_MAX];
    int err = forget_bytes(part);

    if (err != PH_OK)
        return err;
    etag_name(part, name);
    if (etag[0] == '\0') {
        (void)unlinkat(part->dirfd, name, 0);
        return PH_OK;
    }
    (void)snprintf(part->etag, sizeof(part->etag), "%s", etag);
    return ph_io_write_file(part->dirfd, name, etag, strlen(etag), 0600);
}

int
ph_part_append(struct ph_part *part, const void *bytes, size_t len)
{
    int err = ph_io_write_full(part->fd, bytes, len);

    if (err != PH_OK)
        return err;
    if (EVP_DigestUpdate(part->digest, bytes, len) != 1)
        return PH_ERR_CRYPTO;
    part->size += len;
    return PH_OK;
}

int
ph_part_check(struct ph_part *part, uint64_t size,
              const uint8_t sha256[PH_REPLY_SHA256_BYTES])
{
    uint8_t is[EVP_MAX_MD_SIZE];

    if (part->size != size)
        return PH_ERR_CORRUPT;
    if (EVP_DigestFinal_ex(part->digest, is, NULL) != 1)
        return PH_ERR_CRYPTO;
    if (memcmp(is, sha256, PH_REPLY_SHA256_BYTES) != 0)
        return PH_ERR_CORRUPT;
    return PH_OK;
}

/* A hard link fails where the name is taken, at one stroke. File systems
 * without links get a look first; others who write there lose the race. */
static int
name_without_replacing(struct ph_part *part, const char *name)
{
    struct stat st;

    if (linkat(part->dirfd, part->name, part->dirfd, name, 0) == 0)
        return ph_io_unlink_durable(part->dirfd, part->name);
    if (errno == EEXIST)
        return PH_ERR_EXISTS;
    if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS)
        return ph_err_from_errno(errno);
    if (fstatat(part->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return PH_ERR_EXISTS;
    return ph_io_rename_durable(part->dirfd, part->name, part->dirfd, name);
}

int
ph_part_publish(struct ph_part *part, const char *name, bool force)
{
    char tag_name[ETAG_NAME_MAX];
    int err = ph_io_sync(part->fd);

    if (err != PH_OK)
        return err;
    err = force
              ? ph_io_rename_durable(part->dirfd, part->name, part->dirfd, name)
              : name_without_replacing(part, name);
    if (err != PH_OK)
        return err;
    etag_name(part, tag_name);
    (void)unlinkat(part->dirfd, tag_name, 0);
    return PH_OK;
}

void
ph_part_discard(struct ph_part *part)
{
    char name[ETAG_NAME_MAX];

    etag_name(part, name);
    (void)unlinkat(part->dirfd, name, 0);
    (void)unlinkat(part->dirfd, part->name, 0);
}

int
ph_part_compare(int dirfd, const char *name, uint64_t size,
                const uint8_t sha256[PH_REPLY_SHA256_BYTES])
{
    struct ph_part file = {.dirfd = dirfd, .fd = -1};
    int err = PH_ERR_CRYPTO;

    file.digest = EVP_MD_CTX_new();
    file.fd =
        openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file.fd < 0)
        err = ph_err_from_errno(errno);
    else if (file.digest != NULL &&
             EVP_DigestInit_ex(file.digest, EVP_sha256(), NULL) == 1)
        err = hash_present(&file);
    if (err == PH_OK)
        err = ph_part_check(&file, size, sha256);
    ph_part_close(&file);
    return err;
}

void
ph_part_close(struct ph_part *part)
{
    ph_io_close(&part->fd);
    EVP_MD_CTX_free(part->digest);
    part->digest = NULL;
}
