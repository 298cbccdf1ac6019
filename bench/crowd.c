/*
 * ph-bench-crowd: many printers at once. Connects as often as it is told, each
 * time with a full handshake (TLS 1.3, TLS_AES_256_GCM_SHA384, P-256, a client
 * certificate), sends one GET and takes the answer.
 *
 *   ph-bench-crowd --address A --port N --ca FILE --parallel N
 *                  --mode drain|hold < PLAN
 *
 * A line of the plan is one connection: address to come from, certificate, key,
 * path, and a bearer token or "-". The plan ends with an empty line.
 *
 * drain: the first bytes are read with SSL_read, which gives the time to the
 * first byte, counted from connect(2); the kernel throws the others away
 * (MSG_TRUNC), so that the client is never the bottleneck.
 * hold: everybody stops after the first byte; then "held" is printed, and all
 * stay until standard input ends.
 *
 * Prints "begun", when the plan is read and the certificates are loaded, and at
 * the end {"wall_ns":…,"count":…,"bytes":…,"p50_ns":…,"p99_ns":…}; bytes as they
 * went through TCP after the first. An answer other than 200 ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define WORD_MAX     256
#define VISITS_MAX   4096
#define CONTEXTS_MAX 512
#define EVENTS_MAX   64
#define SECONDS_MAX  120

struct context {
    char cert[WORD_MAX];
    SSL_CTX *ctx;
};

enum phase { CONNECTING, HANDSHAKE, FIRST, REST, HELD, OVER };

struct visit {
    char from[WORD_MAX];
    char path[WORD_MAX];
    char token[WORD_MAX];
    SSL_CTX *ctx;
    enum phase phase;
    int fd;
    SSL *ssl;
    int64_t began_ns;
    int64_t first_ns;
};

static struct context contexts[CONTEXTS_MAX];
static size_t context_count;
static struct visit visits[VISITS_MAX];
static size_t visit_count;
static size_t started, held, over;
static uint64_t bytes;
static const char *address, *ca;
static uint16_t port;
static bool is_hold;
static int epoll_fd;

static void
die(const char *what)
{
    (void)fprintf(stderr, "ph-bench-crowd: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int64_t
now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- the plan --- */

static SSL_CTX *
context_of(const char *cert, const char *key)
{
    struct context *context;
    SSL_CTX *ctx;

    for (size_t i = 0; i < context_count; i++) {
        if (strcmp(contexts[i].cert, cert) == 0)
            return contexts[i].ctx;
    }
    if (context_count == CONTEXTS_MAX)
        die("too many certificates");
    ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384") != 1 ||
        SSL_CTX_set1_groups_list(ctx, "P-256") != 1 ||
        SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1 ||
        SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        die("cannot set up TLS");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    context = &contexts[context_count++];
    (void)snprintf(context->cert, WORD_MAX, "%s", cert);
    context->ctx = ctx;
    return ctx;
}

static void
read_plan(void)
{
    char line[5 * WORD_MAX], cert[WORD_MAX], key[WORD_MAX];

    while (fgets(line, sizeof(line), stdin) != NULL && line[0] != '\n') {
        struct visit *visit = &visits[visit_count];

        if (visit_count == VISITS_MAX ||
            sscanf(line, "%255s %255s %255s %255s %255s", visit->from, cert,
                   key, visit->path, visit->token) != 5)
            die("a line of the plan is wrong, or there are too many");
        visit->ctx = context_of(cert, key);
        visit_count++;
    }
    if (visit_count == 0)
        die("the plan is empty");
}

/* --- a visit --- */

static void
wait_for(struct visit *visit, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data.ptr = visit};

    if (epoll_ctl(epoll_fd, how, visit->fd, &event) != 0)
        die("epoll_ctl");
}

static void
begin(struct visit *visit)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (inet_pton(AF_INET, visit->from, &from.sin_addr) != 1 ||
        inet_pton(AF_INET, address, &to.sin_addr) != 1)
        die("addresses must be numeric IPv4 addresses");
    visit->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    visit->ssl = SSL_new(visit->ctx);
    if (visit->fd < 0 || visit->ssl == NULL ||
        bind(visit->fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
        SSL_set_fd(visit->ssl, visit->fd) != 1 ||
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(visit->ssl), address) != 1)
        die("cannot set up a connection");
    visit->began_ns = now_ns();
    if (connect(visit->fd, (struct sockaddr *)&to, sizeof(to)) != 0 &&
        errno != EINPROGRESS)
        die("cannot connect");
    visit->phase = CONNECTING;
    wait_for(visit, EPOLLOUT, EPOLL_CTL_ADD);
}

static void
end(struct visit *visit)
{
    SSL_free(visit->ssl);
    (void)close(visit->fd);
    visit->phase = OVER;
    over++;
    if (started < visit_count)
        begin(&visits[started++]);
}

static void
ask(struct visit *visit)
{
    char request[1024];
    const bool has_token = strcmp(visit->token, "-") != 0;
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s%s"
                       "Connection: close\r\n\r\n",
                       visit->path, address,
                       has_token ? "Authorization: Bearer " : "",
                       has_token ? visit->token : "", has_token ? "\r\n" : "");

    if (len < 0 || (size_t)len >= sizeof(request) ||
        SSL_write(visit->ssl, request, len) != len)
        die("cannot send a request");
    visit->phase = FIRST;
}

static void
shake(struct visit *visit)
{
    int done = SSL_connect(visit->ssl);

    visit->phase = HANDSHAKE;
    if (done == 1) {
        ask(visit);
        wait_for(visit, EPOLLIN, EPOLL_CTL_MOD);
        return;
    }
    switch (SSL_get_error(visit->ssl, done)) {
    case SSL_ERROR_WANT_READ:
        wait_for(visit, EPOLLIN, EPOLL_CTL_MOD);
        return;
    case SSL_ERROR_WANT_WRITE:
        wait_for(visit, EPOLLOUT, EPOLL_CTL_MOD);
        return;
    default:
        die("a handshake failed");
    }
}

/* In epoll's default, level-triggered way: what is left comes again. */
static void
take_first(struct visit *visit)
{
    char room[1024];
    int n = SSL_read(visit->ssl, room, sizeof(room));

    if (n <= 0) {
        if (SSL_get_error(visit->ssl, n) == SSL_ERROR_WANT_READ)
            return;
        die("an answer did not come");
    }
    if (n < 12 || memcmp(room, "HTTP/1.1 200", 12) != 0) {
        (void)fprintf(stderr, "%.*s\n", n, room);
        die("an answer is not 200");
    }
    visit->first_ns = now_ns() - visit->began_ns;
    visit->phase = is_hold ? HELD : REST;
    if (is_hold) {
        held++;
        wait_for(visit, 0, EPOLL_CTL_MOD);
    }
}

static void
drain(struct visit *visit)
{
    /* TCP does not look at the address when it throws the bytes away. */
    struct iovec nowhere = {.iov_base = NULL, .iov_len = (size_t)1 << 24};
    struct msghdr message = {.msg_iov = &nowhere, .msg_iovlen = 1};
    ssize_t n = recvmsg(visit->fd, &message, MSG_TRUNC);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0)
        die("cannot receive");
    if (n == 0) {
        end(visit);
        return;
    }
    bytes += (uint64_t)n;
}

static void
go_on(struct visit *visit)
{
    switch (visit->phase) {
    case CONNECTING:
    case HANDSHAKE:
        shake(visit);
        return;
    case FIRST:
        take_first(visit);
        return;
    case REST:
        drain(visit);
        return;
    default:
        die("a printer that only stays was cut off");
    }
}

static void
run(size_t parallel)
{
    const int64_t limit_ns = now_ns() + (int64_t)SECONDS_MAX * 1000000000;
    const size_t *count = is_hold ? &held : &over;
    struct epoll_event events[EVENTS_MAX];

    while (started < visit_count && started < parallel)
        begin(&visits[started++]);
    while (*count < visit_count) {
        int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, 1000);

        if (ready < 0 && errno != EINTR)
            die("epoll_wait");
        if (now_ns() > limit_ns)
            die("it takes too long");
        for (int i = 0; i < ready; i++)
            go_on(events[i].data.ptr);
    }
}

/* --- what came out --- */

static int
by_size(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void
report(int64_t wall_ns)
{
    static int64_t first[VISITS_MAX];

    for (size_t i = 0; i < visit_count; i++)
        first[i] = visits[i].first_ns;
    qsort(first, visit_count, sizeof(first[0]), by_size);
    (void)printf("{\"wall_ns\":%lld,\"count\":%zu,\"bytes\":%llu,"
                 "\"p50_ns\":%lld,\"p99_ns\":%lld}\n",
                 (long long)wall_ns, visit_count, (unsigned long long)bytes,
                 (long long)first[visit_count / 2],
                 (long long)first[visit_count * 99 / 100]);
}

int
main(int argc, char **argv)
{
    enum { ADDRESS, PORT, CA, PARALLEL, MODE, COUNT };
    static const char *const names[COUNT] = {"--address", "--port", "--ca",
                                             "--parallel", "--mode"};
    const char *values[COUNT] = {0};
    int64_t began_ns;

    for (int i = 1; i + 1 < argc; i += 2) {
        for (int n = 0; n < COUNT; n++) {
            if (strcmp(argv[i], names[n]) == 0)
                values[n] = argv[i + 1];
        }
    }
    for (int n = 0; n < COUNT; n++) {
        if (values[n] == NULL)
            die("see the top of bench/crowd.c for the options");
    }
    address = values[ADDRESS];
    port = (uint16_t)strtoul(values[PORT], NULL, 10);
    ca = values[CA];
    is_hold = strcmp(values[MODE], "hold") == 0;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        die("epoll_create1");
    read_plan();
    (void)puts("begun");
    (void)fflush(stdout);
    began_ns = now_ns();
    run(strtoul(values[PARALLEL], NULL, 10));
    report(now_ns() - began_ns);
    if (is_hold) {
        (void)puts("held");
        (void)fflush(stdout);
        while (getchar() != EOF)
            ;
    }
    return 0;
}
