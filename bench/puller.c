/*
 * ph-bench-pull: a printer's download and nothing else. Connects with a client
 * certificate by TLS 1.3 with TLS_AES_256_GCM_SHA384 and P-256, sends one GET
 * and prints the time from just before the request to the last byte.
 *
 *   ph-bench-pull --address A --port N --ca FILE --cert FILE --key FILE
 *                 --path PATH --bytes N --mode decrypt|drain
 *
 * decrypt reads like any client. drain lets the kernel throw the bytes away
 * (MSG_TRUNC) after the handshake: a client that is never the bottleneck. A
 * line on standard input, if any, is sent as bearer token.
 *
 * The server's certificate must be of the CA and name the address; nothing
 * else is pulled from. Prints {"wall_ns":…,"bytes":…}: bytes of the document,
 * or in drain mode of everything that came.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define TOKEN_MAX   4096
#define REQUEST_MAX 8192
#define HEAD_MAX    16384
#define ROOM_BYTES  ((size_t)256 * 1024)

struct order {
    const char *address;
    const char *ca;
    const char *cert;
    const char *key;
    const char *path;
    uint16_t port;
    uint64_t bytes;
    bool is_drain;
    char token[TOKEN_MAX];
};

static void
die(const char *what)
{
    (void)fprintf(stderr, "ph-bench-pull: %s\n", what);
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

static SSL_CTX *
make_context(const struct order *order)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384") != 1 ||
        SSL_CTX_set1_groups_list(ctx, "P-256") != 1 ||
        SSL_CTX_load_verify_locations(ctx, order->ca, NULL) != 1 ||
        SSL_CTX_use_certificate_file(ctx, order->cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, order->key, SSL_FILETYPE_PEM) != 1)
        die("cannot set up TLS");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

static int
connect_to(const struct order *order)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(order->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (inet_pton(AF_INET, order->address, &address.sin_addr) != 1)
        die("--address must be a numeric IPv4 address");
    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        die("cannot connect");
    return fd;
}

static SSL *
handshake(SSL_CTX *ctx, const struct order *order, int fd)
{
    SSL *ssl = SSL_new(ctx);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), order->address) != 1)
        die("cannot set up the connection");
    if (SSL_connect(ssl) != 1)
        die("the handshake failed");
    return ssl;
}

static void
send_request(SSL *ssl, const struct order *order)
{
    char request[REQUEST_MAX];
    const bool has_token = order->token[0] != '\0';
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s%s"
                       "Connection: close\r\n\r\n",
                       order->path, order->address,
                       has_token ? "Authorization: Bearer " : "", order->token,
                       has_token ? "\r\n" : "");

    if (len < 0 || (size_t)len >= sizeof(request) ||
        SSL_write(ssl, request, len) != len)
        die("cannot send the request");
}

/* Length of the head of a complete "200", 0 when it is not all there. */
static size_t
check_head(char *bytes, size_t len)
{
    char *end = memmem(bytes, len, "\r\n\r\n", 4);

    if (end == NULL) {
        if (len >= HEAD_MAX)
            die("the answer has no end of its head");
        return 0;
    }
    if (len < 12 || memcmp(bytes, "HTTP/1.1 200", 12) != 0) {
        *end = '\0';
        die(bytes);
    }
    return (size_t)(end - bytes) + 4;
}

/* To the document's last byte, which is known by its number. */
static uint64_t
pull_decrypt(SSL *ssl, uint64_t want)
{
    char *room = malloc(ROOM_BYTES);
    size_t head = 0, len = 0;
    uint64_t got = 0;

    if (room == NULL)
        die("no memory");
    while (got < want) {
        int n = SSL_read(ssl, room + len, (int)(ROOM_BYTES - len));

        if (n <= 0)
            die("the answer ended early");
        if (head > 0) {
            got += (uint64_t)n;
            continue;
        }
        len += (size_t)n;
        head = check_head(room, len);
        if (head > 0) {
            got = len - head;
            len = 0;
        }
    }
    free(room);
    return got;
}

/* To the end of the connection; the last byte's time is what counts. */
static uint64_t
pull_drain(int fd, int64_t *out_last_ns)
{
    /* TCP does not look at the address when it throws the bytes away. */
    struct iovec nowhere = {.iov_base = NULL, .iov_len = (size_t)1 << 30};
    struct msghdr message = {.msg_iov = &nowhere, .msg_iovlen = 1};
    uint64_t got = 0;

    for (;;) {
        ssize_t n = recvmsg(fd, &message, MSG_TRUNC);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            die("cannot receive");
        if (n == 0)
            return got;
        got += (uint64_t)n;
        *out_last_ns = now_ns();
    }
}

static void
pull(const struct order *order)
{
    SSL_CTX *ctx = make_context(order);
    int fd = connect_to(order);
    SSL *ssl = handshake(ctx, order, fd);
    int64_t began = now_ns(), last = began;
    uint64_t got;

    send_request(ssl, order);
    if (order->is_drain) {
        got = pull_drain(fd, &last);
    } else {
        got = pull_decrypt(ssl, order->bytes);
        last = now_ns();
    }
    if (order->is_drain ? got <= order->bytes : got != order->bytes)
        die("the document has another length");
    (void)printf("{\"wall_ns\":%lld,\"bytes\":%llu}\n",
                 (long long)(last - began), (unsigned long long)got);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    (void)close(fd);
}

static void
read_token(char token[TOKEN_MAX])
{
    if (fgets(token, TOKEN_MAX, stdin) == NULL)
        token[0] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
}

int
main(int argc, char **argv)
{
    enum { ADDRESS, PORT, CA, CERT, KEY, PATH, BYTES, MODE, COUNT };
    static const char *const names[COUNT] = {"--address", "--port", "--ca",
                                             "--cert",    "--key",  "--path",
                                             "--bytes",   "--mode"};
    const char *values[COUNT] = {0};
    struct order order = {0};

    for (int i = 1; i + 1 < argc; i += 2) {
        for (int n = 0; n < COUNT; n++) {
            if (strcmp(argv[i], names[n]) == 0)
                values[n] = argv[i + 1];
        }
    }
    for (int n = 0; n < COUNT; n++) {
        if (values[n] == NULL)
            die("see the top of bench/puller.c for the options");
    }
    order.address = values[ADDRESS];
    order.port = (uint16_t)strtoul(values[PORT], NULL, 10);
    order.ca = values[CA];
    order.cert = values[CERT];
    order.key = values[KEY];
    order.path = values[PATH];
    order.bytes = strtoull(values[BYTES], NULL, 10);
    order.is_drain = strcmp(values[MODE], "drain") == 0;
    read_token(order.token);
    pull(&order);
    return 0;
}
