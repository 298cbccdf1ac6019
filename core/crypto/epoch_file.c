#include "epoch_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "printhold/base/cursor.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/kdf.h"

#define MAGIC       "PHEPOCH" /* and a digit: the version */
#define VERSION     2
#define OWNER_MAGIC "PHOWNER1"
#define MAGIC_BYTES 8
#define FILE_BYTES  (MAGIC_BYTES + 8 + PH_WRAPPED_KEY_BYTES)
#define OWNER_BYTES (MAGIC_BYTES + PH_WRAPPED_KEY_BYTES)
#define SUFFIX      ".epoch"
#define GONE_SUFFIX ".gone"
#define HEX_LEN     (PH_ID_TEXT - 1)

static void
make_name(const struct ph_id *id, const char *suffix,
          char dst[PH_EPOCH_NAME_MAX])
{
    char hex[PH_ID_TEXT];

    ph_id_format(id, hex);
    (void)snprintf(dst, PH_EPOCH_NAME_MAX, "%s%s", hex, suffix);
}

static bool
parse_name(const char *name, const char *suffix, struct ph_id *out_id)
{
    char hex[PH_ID_TEXT];

    if (strlen(name) != HEX_LEN + strlen(suffix) ||
        strcmp(name + HEX_LEN, suffix) != 0)
        return false;
    memcpy(hex, name, HEX_LEN);
    hex[HEX_LEN] = '\0';
    return ph_id_parse(hex, out_id) == PH_OK;
}

bool
ph_epoch_name_parse(const char *name, struct ph_id *out_id)
{
    return parse_name(name, SUFFIX, out_id);
}

int
ph_epoch_dir_each(int dirfd, ph_epoch_name_cb cb, void *arg)
{
    /* A descriptor of its own: readdir moves the offset, closedir closes. */
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    int err = PH_OK;

    if (dir == NULL) {
        err = ph_err_from_errno(errno);
        ph_io_close(&fd);
        return err;
    }
    while (err == PH_OK && (errno = 0, entry = readdir(dir)) != NULL)
        err = cb(entry->d_name, arg);
    if (err == PH_OK && errno != 0)
        err = PH_ERR_IO;
    (void)closedir(dir);
    return err;
}

struct id_list {
    struct ph_id *ids;
    size_t count;
};

static int
add_id(const char *name, void *arg)
{
    struct id_list *list = arg;
    struct ph_id id;

    if (!ph_epoch_name_parse(name, &id))
        return PH_OK;
    if (list->count == PH_EPOCHS_MAX)
        return PH_ERR_LIMIT;
    list->ids[list->count++] = id;
    return PH_OK;
}

int
ph_epoch_dir_list(int dirfd, struct ph_id out_ids[PH_EPOCHS_MAX],
                  size_t *out_count)
{
    struct id_list list = {.ids = out_ids};
    int err = ph_epoch_dir_each(dirfd, add_id, &list);

    if (err == PH_OK)
        *out_count = list.count;
    return err;
}

static int
derive(const uint8_t machine_key[PH_KEY_BYTES], const struct ph_id *id,
       int64_t day, uint8_t out_key[PH_KEY_BYTES])
{
    uint8_t salt[PH_ID_BYTES + 8];

    memcpy(salt, id->bytes, PH_ID_BYTES);
    for (int i = 0; i < 8; i++)
        salt[PH_ID_BYTES + i] = (uint8_t)((uint64_t)day >> (56 - 8 * i));
    return ph_hkdf_label(machine_key, salt, sizeof(salt), "printhold/v1/epoch",
                         out_key);
}

static int
unwrap(const uint8_t *machine_key, struct ph_epoch *epoch,
       const uint8_t wrapped[PH_WRAPPED_KEY_BYTES])
{
    uint8_t key[PH_KEY_BYTES];
    int err = derive(machine_key, &epoch->id, epoch->day, key);

    if (err == PH_OK)
        err = ph_key_unwrap(key, wrapped, epoch->key);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}

static int
parse_file(const struct ph_buf *buf, struct ph_epoch *epoch,
           uint8_t out_wrapped[PH_WRAPPED_KEY_BYTES])
{
    uint8_t magic[MAGIC_BYTES];
    struct ph_cursor cur;
    uint64_t day;

    ph_cursor_init(&cur, buf->data, buf->len);
    if (buf->len != FILE_BYTES ||
        ph_cursor_copy(&cur, magic, sizeof(magic)) != PH_OK ||
        memcmp(magic, MAGIC, MAGIC_BYTES - 1) != 0 ||
        magic[MAGIC_BYTES - 1] < '1' ||
        magic[MAGIC_BYTES - 1] > '0' + VERSION ||
        ph_cursor_u64(&cur, &day) != PH_OK ||
        ph_cursor_copy(&cur, out_wrapped, PH_WRAPPED_KEY_BYTES) != PH_OK)
        return PH_ERR_CORRUPT;
    epoch->version = magic[MAGIC_BYTES - 1] - '0';
    epoch->day = (int64_t)day;
    return PH_OK;
}

int
ph_epoch_file_read(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                   const struct ph_id *id, struct ph_epoch *out_epoch)
{
    struct ph_epoch epoch = {.id = *id};
    uint8_t wrapped[PH_WRAPPED_KEY_BYTES];
    char name[PH_EPOCH_NAME_MAX];
    struct ph_buf buf;
    int err;

    make_name(id, SUFFIX, name);
    err = ph_io_read_file(dirfd, name, FILE_BYTES, &buf);
    if (err == PH_ERR_TOO_BIG)
        return PH_ERR_CORRUPT;
    if (err != PH_OK)
        return err;
    err = parse_file(&buf, &epoch, wrapped);
    ph_buf_close(&buf);
    if (err == PH_OK)
        err = unwrap(machine_key, &epoch, wrapped);
    if (err == PH_OK)
        *out_epoch = epoch;
    OPENSSL_cleanse(&epoch, sizeof(epoch));
    return err;
}

int
ph_epoch_file_write(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                    const struct ph_epoch *epoch)
{
    uint8_t key[PH_KEY_BYTES], wrapped[PH_WRAPPED_KEY_BYTES];
    char name[PH_EPOCH_NAME_MAX];
    struct ph_buf buf;
    int err = derive(machine_key, &epoch->id, epoch->day, key);

    ph_buf_init(&buf, FILE_BYTES);
    if (err == PH_OK)
        err = ph_key_wrap(key, epoch->key, wrapped);
    if (err == PH_OK)
        err = ph_buf_printf(&buf, MAGIC "%d", VERSION);
    if (err == PH_OK)
        err = ph_buf_put_u64(&buf, (uint64_t)epoch->day);
    if (err == PH_OK)
        err = ph_buf_put(&buf, wrapped, sizeof(wrapped));
    make_name(&epoch->id, SUFFIX, name);
    if (err == PH_OK)
        err = ph_io_write_file(dirfd, name, buf.data, buf.len, 0400);
    ph_buf_close(&buf);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}

static int
derive_owner(const uint8_t machine_key[PH_KEY_BYTES],
             uint8_t out_key[PH_KEY_BYTES])
{
    return ph_hkdf_label(machine_key, NULL, 0, "printhold/v1/owner-wrap",
                         out_key);
}

int
ph_owner_file_read(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                   uint8_t out_secret[PH_KEY_BYTES])
{
    uint8_t key[PH_KEY_BYTES];
    struct ph_buf buf;
    int err = ph_io_read_file(dirfd, PH_OWNER_FILE, OWNER_BYTES, &buf);

    if (err == PH_ERR_TOO_BIG)
        return PH_ERR_CORRUPT;
    if (err != PH_OK)
        return err;
    err = PH_ERR_CORRUPT;
    if (buf.len == OWNER_BYTES &&
        memcmp(buf.data, OWNER_MAGIC, MAGIC_BYTES) == 0)
        err = derive_owner(machine_key, key);
    if (err == PH_OK)
        err = ph_key_unwrap(key, buf.data + MAGIC_BYTES, out_secret);
    ph_buf_close(&buf);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}

int
ph_owner_file_write(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                    const uint8_t secret[PH_KEY_BYTES])
{
    uint8_t bytes[OWNER_BYTES], key[PH_KEY_BYTES];
    int err = derive_owner(machine_key, key);

    memcpy(bytes, OWNER_MAGIC, MAGIC_BYTES);
    if (err == PH_OK)
        err = ph_key_wrap(key, secret, bytes + MAGIC_BYTES);
    if (err == PH_OK)
        err =
            ph_io_write_file(dirfd, PH_OWNER_FILE, bytes, sizeof(bytes), 0400);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}

/* A hint to the disk only: flash may keep the old block. */
static void
overwrite(int dirfd, const char *name)
{
    static const uint8_t zeros[FILE_BYTES];
    int fd;

    if (fchmodat(dirfd, name, 0600, 0) != 0)
        return;
    fd = openat(dirfd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (ph_io_pwrite_full(fd, zeros, sizeof(zeros), 0) == PH_OK)
        (void)ph_io_sync(fd);
    ph_io_close(&fd);
}

int
ph_epoch_file_destroy(int dirfd, const struct ph_id *id)
{
    char name[PH_EPOCH_NAME_MAX], gone[PH_EPOCH_NAME_MAX];
    int err;

    make_name(id, SUFFIX, name);
    make_name(id, GONE_SUFFIX, gone);
    err = ph_io_rename_durable(dirfd, name, dirfd, gone);
    if (err != PH_OK)
        return err;
    overwrite(dirfd, gone);
    return ph_io_unlink_durable(dirfd, gone);
}

bool
ph_epoch_file_sweep(int dirfd, const char *name)
{
    struct ph_id id;

    if (parse_name(name, GONE_SUFFIX, &id))
        overwrite(dirfd, name);
    else if (strncmp(name, ".new-", 5) != 0)
        return false;
    return unlinkat(dirfd, name, 0) == 0;
}
