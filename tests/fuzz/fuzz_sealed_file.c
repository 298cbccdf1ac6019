/*
 * The spool file's reader on any bytes. The epoch and machine key are those of
 * tests/vectors/spool-v1.json, so the good seeds in the corpus open fully; in
 * a second round the header is a good one made for the input's body, so that
 * record parsing, chain and repair are reached behind the cryptography.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/sealed_file.h"
#include "sealed_internal.h"

#define EPOCH "dcdefb16e450f114a670d25c4632736b"
#define EPOCH_FILE                                             \
    "504845504f434831000000000000512a36c3d618609ebd22b4690f1e" \
    "4d05845db0c89cd3b1c12930efac4e7b058c1b41d73694265610dcb0"
#define MACHINE_KEY \
    "dd86d35b60c70864da9f603fb9dac113ce5def497639b5d143902c5491c4e2e2"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ph_epoch_keys *keys;
static struct ph_id epoch;
static struct ph_sealed_secret secret; /* of the header below */
static uint8_t header[PH_SEALED_HEADER_BYTES];
static int file = -1;

static void
check(int err)
{
    if (err != PH_OK)
        abort();
}

/* An unlinked temporary file. */
static int
temporary(void)
{
    char path[] = "/tmp/printhold-fuzz-XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0 || unlink(path) != 0)
        abort();
    return fd;
}

static void
load_keys(void)
{
    char dir[] = "/tmp/printhold-fuzz-XXXXXX";
    struct ph_machine_key machine = {.level = "file"};
    uint8_t bytes[56];
    int fd;

    check(ph_parse_hex(MACHINE_KEY, machine.bytes, PH_KEY_BYTES));
    check(ph_parse_hex(EPOCH_FILE, bytes, sizeof(bytes)));
    check(ph_id_parse(EPOCH, &epoch));
    if (mkdtemp(dir) == NULL)
        abort();
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(ph_io_write_file(fd, EPOCH ".epoch", bytes, sizeof(bytes), 0400));
    check(ph_epoch_keys_open(fd, &machine, &keys, NULL));
    check(ph_io_unlink_durable(fd, EPOCH ".epoch"));
    check(ph_io_unlink_durable(fd, "owner.key"));
    (void)close(fd);
    (void)rmdir(dir);
}

static void
setup(void)
{
    static const uint8_t data_key[PH_KEY_BYTES] = {1};
    static const struct ph_id job = {{2}};

    if (file >= 0)
        return;
    load_keys();
    file = temporary();
    check(ph_sealed_create_with(file, keys, &epoch, &job, data_key, &secret));
    check(ph_io_pread_full(file, header, sizeof(header), 0));
}

static void
store(const uint8_t *first, size_t first_len, const uint8_t *second,
      size_t second_len)
{
    if (ftruncate(file, 0) != 0)
        abort();
    check(ph_io_pwrite_full(file, first, first_len, 0));
    check(ph_io_pwrite_full(file, second, second_len, first_len));
}

static void
read_all(struct ph_sealed_reader *reader)
{
    uint64_t size = ph_sealed_reader_size(reader), offset = 0;
    int err = ph_sealed_reader_verify(reader, NULL);
    static uint8_t dst[100000];

    while (offset < size) {
        size_t part =
            size - offset < sizeof(dst) ? (size_t)(size - offset) : sizeof(dst);
        int read_err = ph_sealed_reader_read(reader, offset, dst, part);

        /* What verified as a whole must read; then nothing may fail. */
        if (err == PH_OK && read_err != PH_OK)
            abort();
        if (read_err != PH_OK)
            break;
        offset += part;
    }
}

static void
use_file(void)
{
    struct ph_sealed_reader *reader = NULL;
    struct ph_sealed_verifier *verifier = NULL;
    uint8_t sha256[PH_SHA256_BYTES];
    uint64_t size = 0;
    int copy = dup(file);

    if (ph_sealed_reader_open(copy, keys, &reader, NULL) == PH_OK) {
        read_all(reader);
        ph_sealed_reader_free(reader);
    } else {
        (void)close(copy);
    }
    check(ph_sealed_verifier_new(file, &secret, &verifier));
    if (ph_sealed_verifier_advance(verifier, 4096 + 70000) == PH_OK)
        (void)ph_sealed_verifier_finish(verifier, &size, sha256);
    ph_sealed_verifier_free(verifier);
    (void)ph_sealed_repair_tail(file, keys);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_sealed_header parsed;
    uint64_t body_size;

    setup();
    if (size >= PH_SEALED_HEADER_BYTES)
        (void)ph_sealed_header_parse(data, &parsed, NULL);
    store(data, size, data, 0);
    use_file();
    store(header, sizeof(header), data, size);
    use_file();
    if (ph_stream_plain_size(&ph_stream_spool, size, &body_size) == PH_OK &&
        ph_sealed_append_metadata(file, &secret, 1, body_size, data,
                                  size / 3) == PH_OK)
        use_file();
    return 0;
}
