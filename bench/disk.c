/*
 * ph-bench-disk: how long the disk itself needs for so many bytes: a new file,
 * past the page cache (O_DIRECT), several pieces at a time, then fsync. Nothing
 * is read, copied or encrypted: no durable capture can be quicker.
 *
 *   ph-bench-disk FILE MIB
 *
 * Prints {"wall_ns":...}, from the creation of the file until it is durable.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define PIECE    ((size_t)1024 * 1024)
#define AT_ONCE  4
#define MIB_MAX  4096
#define RANDOM_N 256 /* bytes that getrandom(2) gives whole */

static int fd;
static size_t pieces;

static void
die(const char *what)
{
    (void)fprintf(stderr, "ph-bench-disk: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int64_t
now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Bytes in which no disk finds a pattern that is its own. */
static void *
make_piece(void)
{
    unsigned char *piece = aligned_alloc(4096, PIECE);

    if (piece == NULL)
        die("memory");
    for (size_t at = 0; at < PIECE; at += RANDOM_N) {
        if (getrandom(piece + at, RANDOM_N, 0) != RANDOM_N)
            die("getrandom");
    }
    return piece;
}

struct writer {
    pthread_t thread;
    size_t first;
    void *piece;
};

static void *
write_pieces(void *arg)
{
    const struct writer *writer = arg;

    for (size_t n = writer->first; n < pieces; n += AT_ONCE) {
        if (pwrite(fd, writer->piece, PIECE, (off_t)(n * PIECE)) !=
            (ssize_t)PIECE)
            die("write");
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    struct writer writers[AT_ONCE];
    int64_t began;

    if (argc != 3 || (pieces = strtoul(argv[2], NULL, 10)) == 0 ||
        pieces > MIB_MAX) {
        (void)fprintf(stderr, "Usage: ph-bench-disk FILE MIB\n");
        return 2;
    }
    for (size_t i = 0; i < AT_ONCE; i++)
        writers[i] = (struct writer){.first = i, .piece = make_piece()};
    began = now_ns();
    fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_DIRECT,
              0600);
    if (fd < 0)
        die(argv[1]);
    for (size_t i = 0; i < AT_ONCE; i++) {
        errno =
            pthread_create(&writers[i].thread, NULL, write_pieces, &writers[i]);
        if (errno != 0)
            die("thread");
    }
    for (size_t i = 0; i < AT_ONCE; i++)
        (void)pthread_join(writers[i].thread, NULL);
    if (fsync(fd) != 0)
        die("fsync");
    (void)printf("{\"wall_ns\":%" PRId64 "}\n", now_ns() - began);
    for (size_t i = 0; i < AT_ONCE; i++)
        free(writers[i].piece);
    return close(fd) == 0 ? 0 : 2;
}
