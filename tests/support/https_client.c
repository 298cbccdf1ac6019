#include "https_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define WAIT_S   20
#define IN_MAX   (4 * 1024 * 1024)
#define BODY_MAX ((size_t)65 * 1024 * 1024)

int
https_connect_tcp_from(uint16_t port, unsigned host)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port)};
    struct timeval wait = {.tv_sec = WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    return fd;
}

int
https_connect_tcp(uint16_t port)
{
    return https_connect_tcp_from(port, 0);
}

static int
on_ticket(SSL *ssl, SSL_SESSION *session)
{
    struct https_client *client = SSL_get_app_data(ssl);

    (void)session;
    client->tickets++;
    return 0;
}

static SSL_CTX *
make_context(const char *ca_file, const char *cert, int version_max)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    char path[512];

    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_load_verify_locations(ctx, ca_file, NULL), 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_max_proto_version(ctx, version_max);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
                                                  SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, on_ticket);
    if (cert == NULL)
        return ctx;
    (void)snprintf(path, sizeof(path), "%s.crt", cert);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, path), 1);
    (void)snprintf(path, sizeof(path), "%s.key", cert);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM),
                     1);
    return ctx;
}

bool
https_open_version(struct https_client *client, uint16_t port,
                   const char *ca_file, const char *cert, int version_max)
{
    memset(client, 0, sizeof(*client));
    ph_buf_init(&client->in, IN_MAX);
    client->fd = https_connect_tcp(port);
    client->ctx = make_context(ca_file, cert, version_max);
    client->ssl = SSL_new(client->ctx);
    assert_non_null(client->ssl);
    SSL_set_app_data(client->ssl, client);
    assert_int_equal(SSL_set_fd(client->ssl, client->fd), 1);
    return SSL_connect(client->ssl) == 1;
}

bool
https_open(struct https_client *client, uint16_t port, const char *ca_file,
           const char *cert)
{
    return https_open_version(client, port, ca_file, cert, 0);
}

void
https_close(struct https_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    ph_buf_close(&client->in);
    (void)close(client->fd);
}

void
https_reply_close(struct https_reply *reply)
{
    ph_buf_close(&reply->head);
    ph_buf_close(&reply->body);
}

bool
https_send(struct https_client *client, const void *bytes, size_t len)
{
    size_t written = 0;

    return SSL_write_ex(client->ssl, bytes, len, &written) == 1 &&
           written == len;
}

size_t
https_read(struct https_client *client, void *dst, size_t cap)
{
    size_t len = 0;

    if (client->in.len > 0) {
        len = client->in.len < cap ? client->in.len : cap;
        memcpy(dst, client->in.data, len);
        ph_buf_consume(&client->in, len);
        return len;
    }
    return SSL_read_ex(client->ssl, dst, cap, &len) == 1 ? len : 0;
}

/* More bytes into in; false at the end. */
static bool
read_more(struct https_client *client)
{
    uint8_t *room = ph_buf_reserve(&client->in, 16384);
    size_t len = 0;

    assert_non_null(room);
    if (SSL_read_ex(client->ssl, room, 16384, &len) != 1)
        return false;
    ph_buf_advance(&client->in, len);
    return true;
}

const char *
https_field(const struct https_reply *reply, const char *name)
{
    static _Thread_local char value[512];
    size_t len = strlen(name);
    const char *at = (const char *)reply->head.data;
    const char *end = at + reply->head.len;

    value[0] = '\0';
    while (at != NULL && at < end) {
        const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);

        if (line_end == NULL)
            break;
        if ((size_t)(line_end - at) > len + 2 &&
            strncasecmp(at, name, len) == 0 && at[len] == ':')
            (void)snprintf(value, sizeof(value), "%.*s",
                           (int)(line_end - at - (long)len - 2), at + len + 2);
        at = line_end + 2;
    }
    return value;
}

void
https_receive_head(struct https_client *client, struct https_reply *out_reply)
{
    const char *end;

    memset(out_reply, 0, sizeof(*out_reply));
    ph_buf_init(&out_reply->head, 65536);
    ph_buf_init(&out_reply->body, BODY_MAX);
    while (client->in.len < 4 || (end = memmem(client->in.data, client->in.len,
                                               "\r\n\r\n", 4)) == NULL) {
        if (!read_more(client))
            return;
    }
    assert_int_equal(
        ph_buf_put(&out_reply->head, client->in.data,
                   (size_t)(end - (const char *)client->in.data) + 2),
        PH_OK);
    ph_buf_consume(&client->in, out_reply->head.len + 2);
    assert_true(out_reply->head.len > 12);
    assert_memory_equal(out_reply->head.data, "HTTP/1.1 ", 9);
    out_reply->status =
        (unsigned)strtoul((const char *)out_reply->head.data + 9, NULL, 10);
}

void
https_receive(struct https_client *client, bool head,
              struct https_reply *out_reply)
{
    uint64_t left = 0;

    https_receive_head(client, out_reply);
    if (out_reply->status == 0)
        return;
    if (!head && out_reply->status != 204 && out_reply->status != 100)
        assert_int_equal(ph_parse_u64(https_field(out_reply, "Content-Length"),
                                      0, BODY_MAX, &left),
                         PH_OK);
    while (left > 0) {
        uint8_t bytes[16384];
        size_t len = https_read(
            client, bytes, left < sizeof(bytes) ? (size_t)left : sizeof(bytes));

        if (len == 0)
            return;
        assert_int_equal(ph_buf_put(&out_reply->body, bytes, len), PH_OK);
        left -= len;
    }
    out_reply->whole = true;
}

void
https_do(struct https_client *client, const char *method, const char *path,
         const char *fields, const char *json, struct https_reply *out_reply)
{
    struct ph_buf buf;

    ph_buf_init(&buf, 256 * 1024);
    assert_int_equal(
        ph_buf_printf(&buf, "%s %s HTTP/1.1\r\nHost: ws\r\n", method, path),
        PH_OK);
    if (fields != NULL)
        assert_int_equal(ph_buf_put_str(&buf, fields), PH_OK);
    if (json != NULL)
        assert_int_equal(ph_buf_printf(&buf,
                                       "Content-Type: application/json\r\n"
                                       "Content-Length: %zu\r\n",
                                       strlen(json)),
                         PH_OK);
    assert_int_equal(ph_buf_put_str(&buf, "\r\n"), PH_OK);
    if (json != NULL)
        assert_int_equal(ph_buf_put_str(&buf, json), PH_OK);
    (void)https_send(client, buf.data, buf.len);
    ph_buf_close(&buf);
    https_receive(client, strcmp(method, "HEAD") == 0, out_reply);
}
