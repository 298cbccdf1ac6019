/*
 * ph-test-find-key unwrap STATE_DIR SPOOL_FILE
 *     the keys of a held job, a name and 64 hex digits a line: data, segment
 *     (of its body), epoch. Reads only, as an agent may be running; the
 *     machine key must be at level file.
 * ph-test-find-key scan PID < LINES
 *     how often each of these keys is in the memory of a process
 *
 * For the test that keys do not stay in the agent's memory.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "epoch_file.h"
#include "memory_count.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/kdf.h"
#include "sealed_internal.h"

#define KEYS_MAX 8
#define SALT_AT  (PH_SEALED_HEADER_BYTES + 1)

struct wanted {
    char name[32];
    uint8_t key[PH_KEY_BYTES];
};

static void
need(int err, const char *what)
{
    if (err == PH_OK)
        return;
    (void)fprintf(stderr, "ph-test-find-key: %s: %s\n", what, ph_err_text(err));
    exit(1);
}

static void
print_key(const char *name, const uint8_t key[PH_KEY_BYTES])
{
    (void)printf("%s ", name);
    for (int i = 0; i < PH_KEY_BYTES; i++)
        (void)printf("%02x", key[i]);
    (void)putchar('\n');
}

static void
read_epoch(const char *state_dir, const struct ph_id *id,
           struct ph_epoch *epoch)
{
    char path[512];
    struct ph_buf machine;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/machine.key", state_dir);
    need(ph_io_read_file(AT_FDCWD, path, PH_KEY_BYTES, &machine), path);
    (void)snprintf(path, sizeof(path), "%s/keys", state_dir);
    need(ph_io_open_dir(path, false, 0700, &fd, NULL), path);
    need(ph_epoch_file_read(fd, machine.data, id, epoch), "epoch");
    ph_buf_close(&machine);
    ph_io_close(&fd);
}

static int
unwrap(const char *state_dir, const char *file)
{
    uint8_t bytes[PH_SEALED_HEADER_BYTES], salt[32], hash[PH_SHA256_BYTES];
    uint8_t data[PH_KEY_BYTES], epoch_key[PH_KEY_BYTES], segment[PH_KEY_BYTES];
    struct ph_sealed_header header;
    struct ph_epoch epoch;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    need(fd >= 0 ? PH_OK : PH_ERR_NOT_FOUND, file);
    need(ph_io_pread_full(fd, bytes, sizeof(bytes), 0), file);
    need(ph_io_pread_full(fd, salt, sizeof(salt), SALT_AT), file);
    need(ph_sealed_header_parse(bytes, &header, NULL), file);
    read_epoch(state_dir, &header.epoch, &epoch);
    memcpy(epoch_key, epoch.key, PH_KEY_BYTES);
    need(ph_key_unwrap(epoch_key, header.wrapped, data), "data key");
    need(ph_sha256(bytes, sizeof(bytes), hash), "header");
    need(ph_hkdf(&(struct ph_hkdf_input){.digest = "SHA256",
                                         .key = data,
                                         .key_len = sizeof(data),
                                         .salt = salt,
                                         .salt_len = sizeof(salt),
                                         .info = hash,
                                         .info_len = sizeof(hash)},
                 segment, sizeof(segment)),
         "segment key");
    print_key("data", data);
    print_key("segment", segment);
    print_key("epoch", epoch_key);
    ph_io_close(&fd);
    return 0;
}

static size_t
read_wanted(struct wanted *wanted)
{
    char line[128];
    size_t count = 0;

    while (count < KEYS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
        char hex[2 * PH_KEY_BYTES + 1];

        if (sscanf(line, "%31s %64s", wanted[count].name, hex) == 2 &&
            ph_parse_hex(hex, wanted[count].key, PH_KEY_BYTES) == PH_OK)
            count++;
    }
    return count;
}

static int
scan(const char *pid)
{
    struct wanted wanted[KEYS_MAX];
    size_t count = read_wanted(wanted);

    need(count > 0 ? PH_OK : PH_ERR_INVALID, "keys");
    for (size_t i = 0; i < count; i++) {
        unsigned long found = 0;

        need(ph_test_memory_count((pid_t)strtol(pid, NULL, 10), wanted[i].key,
                                  PH_KEY_BYTES, &found),
             "memory");
        (void)printf("%s %lu\n", wanted[i].name, found);
    }
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "unwrap") == 0)
        return unwrap(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "scan") == 0)
        return scan(argv[2]);
    (void)fprintf(stderr, "usage: ph-test-find-key unwrap STATE_DIR FILE\n"
                          "       ph-test-find-key scan PID < KEYS\n");
    return 2;
}
