/*
 * What the agent reads of its keys: an epoch file, owner.key and the header of
 * an encrypted credential, on any bytes. The directory lies under the machine
 * key of tests/vectors/spool-v1.json, so the good seeds unwrap.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "credential_header.h"
#include "epoch_file.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/epoch_keys.h"

#define EPOCH "dcdefb16e450f114a670d25c4632736b"
#define MACHINE_KEY \
    "dd86d35b60c70864da9f603fb9dac113ce5def497639b5d143902c5491c4e2e2"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ph_machine_key machine = {.level = "file"};
static struct ph_id epoch;
static char dir[] = "/tmp/printhold-fuzz-XXXXXX";
static int dirfd = -1;

static void
clean_up(void)
{
    (void)unlinkat(dirfd, EPOCH ".epoch", 0);
    (void)unlinkat(dirfd, PH_OWNER_FILE, 0);
    (void)rmdir(dir);
}

static void
setup(void)
{
    if (dirfd >= 0)
        return;
    if (ph_parse_hex(MACHINE_KEY, machine.bytes, PH_KEY_BYTES) != PH_OK ||
        ph_id_parse(EPOCH, &epoch) != PH_OK || mkdtemp(dir) == NULL)
        abort();
    dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0 || atexit(clean_up) != 0)
        abort();
}

/* A new file each time: to cut an old one makes some file systems write. */
static void
store(const char *name, const uint8_t *data, size_t size)
{
    int fd;

    (void)unlinkat(dirfd, name, 0);
    fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ph_io_write_full(fd, data, size) != PH_OK)
        abort();
    ph_io_close(&fd);
}

/* A key comes out, or a refusal; nothing is half set. */
static void
read_files(const uint8_t *data, size_t size)
{
    struct ph_epoch read = {.version = 77};
    uint8_t secret[PH_KEY_BYTES];
    int err;

    store(EPOCH ".epoch", data, size);
    err = ph_epoch_file_read(dirfd, machine.bytes, &epoch, &read);
    if (err != PH_OK && (err != PH_ERR_CORRUPT || read.version != 77))
        abort();
    if (err == PH_OK && (size != 56 || read.version < 1 || read.version > 2))
        abort();
    store(PH_OWNER_FILE, data, size);
    err = ph_owner_file_read(dirfd, machine.bytes, secret);
    if (err != PH_OK ? err != PH_ERR_CORRUPT : size != 48)
        abort();
}

static void
read_header(const uint8_t *data, size_t size)
{
    struct ph_credential_kind kind = {.name = NULL};
    int err = ph_credential_header_parse(data, size, &kind);

    if (err != PH_OK ? kind.name != NULL ||
                           (err != PH_ERR_SYNTAX && err != PH_ERR_UNSUPPORTED)
                     : kind.name == NULL || size < 22)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    setup();
    read_header(data, size);
    if (size <= 128)
        read_files(data, size);
    return 0;
}
