#include "fake_workstation.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include "printhold/base/parse.h"

#define REQUEST_MAX 65536
#define ANSWER_MAX  2048

struct fake {
    SSL_CTX *ctx;
    int listener;
    uint16_t port;
    pthread_t thread;
    uint8_t *document;
    size_t len;
    struct fake_manners manners;
    unsigned answers;
    unsigned downloads;
    bool completed;
    char log[FAKE_LOG_MAX];
    size_t log_len;
};

/* One request as it came. */
struct request {
    char text[REQUEST_MAX + 1];
    size_t len;
    size_t head_len;
    char line[256]; /* "GET /v1/jobs" */
};

/* --- reading --- */

static bool
header(const struct request *request, const char *name, char *value, size_t cap)
{
    const char *at = strstr(request->text, "\r\n");
    const char *end = request->text + request->head_len - 2;
    size_t name_len = strlen(name);

    while (at != NULL && at + 2 < end) {
        at += 2;
        if (strncasecmp(at, name, name_len) == 0 && at[name_len] == ':') {
            const char *from = at + name_len + 1;
            size_t len;

            from += strspn(from, " ");
            len = strcspn(from, "\r");
            if (len >= cap)
                return false;
            memcpy(value, from, len);
            value[len] = '\0';
            return true;
        }
        at = strstr(at, "\r\n");
    }
    return false;
}

static bool
read_more(SSL *ssl, struct request *request)
{
    int got = SSL_read(ssl, request->text + request->len,
                       (int)(REQUEST_MAX - request->len));

    if (got <= 0)
        return false;
    request->len += (size_t)got;
    request->text[request->len] = '\0';
    return true;
}

static bool
read_request(SSL *ssl, struct request *request)
{
    const char *end = NULL;
    char length[32] = "0";
    size_t line;

    request->len = 0;
    request->text[0] = '\0';
    while ((end = strstr(request->text, "\r\n\r\n")) == NULL) {
        if (!read_more(ssl, request))
            return false;
    }
    request->head_len = (size_t)(end - request->text) + 4;
    (void)header(request, "Content-Length", length, sizeof(length));
    while (request->len <
           request->head_len + (size_t)strtoul(length, NULL, 10)) {
        if (!read_more(ssl, request))
            return false;
    }
    line = strcspn(request->text, "\r");
    if (line < 10 || line - 9 >= sizeof(request->line) ||
        memcmp(request->text + line - 9, " HTTP/1.1", 9) != 0)
        return false;
    memcpy(request->line, request->text, line - 9);
    request->line[line - 9] = '\0';
    return true;
}

static void
note(struct fake *fake, const struct request *request)
{
    char range[64] = "";
    char tag[64];
    int len;

    if (!header(request, "Range", range, sizeof(range)))
        range[0] = '\0';
    len = snprintf(
        fake->log + fake->log_len, FAKE_LOG_MAX - fake->log_len, "%s%s%s%s\n",
        request->line, range[0] != '\0' ? " " : "", range,
        header(request, "If-Range", tag, sizeof(tag)) ? " if-range" : "");
    if (len > 0 && (size_t)len < FAKE_LOG_MAX - fake->log_len)
        fake->log_len += (size_t)len;
}

/* --- answering --- */

static bool
send_text(SSL *ssl, const char *status, const char *headers, const char *body)
{
    char answer[ANSWER_MAX];
    int len = snprintf(answer, sizeof(answer),
                       "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
                       strlen(body), headers, body);

    return len > 0 && SSL_write(ssl, answer, len) == len;
}

static bool
send_problem(SSL *ssl, const char *status, const char *detail)
{
    char body[256];

    (void)snprintf(body, sizeof(body), "{\"detail\":\"%s\"}", detail);
    return send_text(ssl, status, "Content-Type: application/problem+json\r\n",
                     body);
}

static void
digest_text(const struct fake *fake, char dst[64])
{
    uint8_t sha256[32];

    (void)SHA256(fake->document, fake->len, sha256);
    (void)EVP_EncodeBlock((unsigned char *)dst, sha256, 32);
}

/* The document from first on, as far as the cut allows. False: cut. */
static bool
send_bytes(struct fake *fake, SSL *ssl, size_t first)
{
    size_t cut = 0;
    size_t end = fake->len;

    if (fake->downloads <= FAKE_CUTS)
        cut = fake->manners.cut_at[fake->downloads - 1];
    if (cut > 0 && cut < end)
        end = cut;
    for (size_t at = first; at < end;) {
        uint8_t piece[4096];
        size_t len = end - at < sizeof(piece) ? end - at : sizeof(piece);

        memcpy(piece, fake->document + at, len);
        if (fake->manners.wrong_byte && at <= fake->len / 2 &&
            fake->len / 2 < at + len)
            piece[fake->len / 2 - at] ^= 1;
        if (SSL_write(ssl, piece, (int)len) != (int)len)
            return false;
        at += len;
    }
    return end == fake->len;
}

static bool
send_chunked(struct fake *fake, SSL *ssl, const char *headers)
{
    char head[ANSWER_MAX];
    int len = snprintf(head, sizeof(head),
                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n%s"
                       "\r\n%zx\r\n",
                       headers, fake->len);

    return SSL_write(ssl, head, len) == len && send_bytes(fake, ssl, 0) &&
           SSL_write(ssl, "\r\n0\r\n\r\n", 7) == 7;
}

static bool
send_document(struct fake *fake, SSL *ssl, const struct request *request)
{
    const struct fake_manners *manners = &fake->manners;
    char headers[512];
    char digest[64];
    char range[64];
    char if_range[64];
    char tag[16];
    char head[ANSWER_MAX];
    size_t first = 0;
    bool partial = false;
    int len;

    fake->downloads++;
    digest_text(fake, digest);
    (void)snprintf(tag, sizeof(tag), "\"v%d\"",
                   manners->changes_document && fake->downloads > 1 ? 2 : 1);
    len = snprintf(headers, sizeof(headers), "ETag: %s\r\n", tag);
    if (!manners->no_digest)
        (void)snprintf(headers + len, sizeof(headers) - (size_t)len,
                       "Repr-Digest: sha-256=:%s:\r\n", digest);
    if (manners->chunked)
        return send_chunked(fake, ssl, headers);
    if (header(request, "Range", range, sizeof(range)) &&
        !manners->ignores_range &&
        (!header(request, "If-Range", if_range, sizeof(if_range)) ||
         strcmp(if_range, tag) == 0)) {
        first = strtoul(range + strlen("bytes="), NULL, 10);
        if (first >= fake->len)
            return send_text(ssl, "416 Range Not Satisfiable", headers, "");
        first -= manners->wrong_range;
        partial = true;
    }
    if (partial)
        len = snprintf(head, sizeof(head),
                       "HTTP/1.1 206 Partial Content\r\nContent-Length: %zu\r\n"
                       "Content-Range: bytes %zu-%zu/%zu\r\n%s\r\n",
                       fake->len - first, first, fake->len - 1, fake->len,
                       headers);
    else
        len = snprintf(head, sizeof(head),
                       "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n",
                       fake->len, headers);
    return SSL_write(ssl, head, len) == len && send_bytes(fake, ssl, first);
}

static bool
send_list(struct fake *fake, SSL *ssl)
{
    char body[512];
    char digest[96] = "";
    char hex[65];
    uint8_t sha256[32];

    (void)SHA256(fake->document, fake->len, sha256);
    ph_format_hex(sha256, sizeof(sha256), hex);
    if (!fake->manners.list_without_digest)
        (void)snprintf(digest, sizeof(digest), "\"sha-256\":\"%s\",", hex);
    if (fake->manners.broken_list)
        return send_text(ssl, "200 OK", "", "{\"jobs\":[{\"id\":\"..\"}]}");
    if (fake->completed)
        return send_text(ssl, "200 OK", "", "{\"jobs\":[]}");
    (void)snprintf(body, sizeof(body),
                   "{\"jobs\":[{\"id\":\"" FAKE_JOB
                   "\",\"state\":\"held\",\"job-name\":\"A plan\","
                   "\"document-format\":\"application/pdf\",%s\"size\":%zu}]}",
                   digest, fake->len + fake->manners.wrong_size_in_list);
    return send_text(ssl, "200 OK", "Content-Type: application/json\r\n", body);
}

static bool
open_session(struct fake *fake, SSL *ssl, const struct request *request)
{
    if (fake->manners.drops_session_post)
        return false;
    if (strcmp(request->text + request->head_len,
               "{\"grant\":\"" FAKE_GRANT "\"}") != 0)
        return send_problem(ssl, "403 Forbidden", "This is not the grant.");
    return send_text(ssl, "201 Created", "",
                     "{\"session\":\"" FAKE_SESSION "\"}");
}

static bool
complete(struct fake *fake, SSL *ssl, const struct request *request)
{
    if (fake->manners.refuses_complete)
        return send_problem(ssl, "500 Internal Server Error", "No.");
    if (strcmp(request->text + request->head_len, "{\"result\":\"printed\"}") !=
        0)
        return send_problem(ssl, "400 Bad Request", "Not a result.");
    fake->completed = true;
    return send_text(ssl, "200 OK", "", "{}");
}

static bool
answer(struct fake *fake, SSL *ssl, const struct request *request)
{
    char bearer[128] = "";
    const char *line = request->line;

    note(fake, request);
    if (fake->answers++ < fake->manners.busy_first)
        return send_text(ssl, "503 Service Unavailable", "Retry-After: 0\r\n",
                         "");
    if (fake->manners.redirects)
        return send_text(ssl, "302 Found", "Location: https://127.0.0.1:1/\r\n",
                         "");
    if (strcmp(line, "POST /v1/sessions") == 0)
        return open_session(fake, ssl, request);
    if (!header(request, "Authorization", bearer, sizeof(bearer)) ||
        strcmp(bearer, "Bearer " FAKE_SESSION) != 0)
        return send_problem(ssl, "401 Unauthorized", "No session.");
    if (strcmp(line, "GET /v1/jobs") == 0)
        return send_list(fake, ssl);
    if (strcmp(line, "POST /v1/jobs/" FAKE_JOB "/claim") == 0)
        return fake->manners.held_by_other
                   ? send_problem(ssl, "409 Conflict", "Another has it.")
                   : send_text(ssl, "200 OK", "", "{}");
    if (strcmp(line, "DELETE /v1/jobs/" FAKE_JOB "/claim") == 0)
        return send_text(ssl, "200 OK", "", "{}");
    if (strcmp(line, "GET /v1/jobs/" FAKE_JOB "/document") == 0)
        return send_document(fake, ssl, request);
    if (strcmp(line, "POST /v1/jobs/" FAKE_JOB "/complete") == 0)
        return complete(fake, ssl, request);
    return send_problem(ssl, "404 Not Found", "There is no such thing.");
}

/* --- the thread --- */

static void
serve(struct fake *fake, int fd)
{
    struct request *request = malloc(sizeof(*request));
    SSL *ssl = SSL_new(fake->ctx);
    char drain[512];

    if (request != NULL && ssl != NULL && SSL_set_fd(ssl, fd) == 1 &&
        SSL_accept(ssl) == 1) {
        while (read_request(ssl, request) && answer(fake, ssl, request))
            continue;
    }
    /* No close_notify: to the station this is a cut. What it still sends is
     * read to its end, else a reset could overtake our alert. */
    (void)shutdown(fd, SHUT_WR);
    while (read(fd, drain, sizeof(drain)) > 0)
        continue;
    SSL_free(ssl);
    free(request);
}

static void *
run(void *arg)
{
    struct fake *fake = arg;
    int fd;

    while ((fd = accept(fake->listener, NULL, NULL)) >= 0) {
        serve(fake, fd);
        (void)close(fd);
    }
    return NULL;
}

static bool
listen_on_loopback(struct fake *fake)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fake->listener < 0 ||
        bind(fake->listener, (struct sockaddr *)&address, len) != 0 ||
        listen(fake->listener, 8) != 0 ||
        getsockname(fake->listener, (struct sockaddr *)&address, &len) != 0)
        return false;
    fake->port = ntohs(address.sin_port);
    return true;
}

static bool
set_up_tls(struct fake *fake, const char *cert, const char *key, const char *ca)
{
    fake->ctx = SSL_CTX_new(TLS_server_method());
    if (fake->ctx == NULL ||
        SSL_CTX_set_min_proto_version(fake->ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(fake->ctx, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(fake->ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_file(fake->ctx, ca) != 1)
        return false;
    SSL_CTX_set_verify(fake->ctx,
                       SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return true;
}

struct fake *
fake_start(const char *cert, const char *key, const char *ca,
           const void *document, size_t len, const struct fake_manners *manners)
{
    struct fake *fake = calloc(1, sizeof(*fake));

    if (fake == NULL)
        return NULL;
    fake->listener = -1;
    fake->manners = *manners;
    fake->len = len;
    fake->document = malloc(len);
    if (fake->document == NULL || !set_up_tls(fake, cert, key, ca) ||
        !listen_on_loopback(fake)) {
        fake_free(fake);
        return NULL;
    }
    memcpy(fake->document, document, len);
    if (pthread_create(&fake->thread, NULL, run, fake) != 0) {
        fake_free(fake);
        return NULL;
    }
    return fake;
}

uint16_t
fake_port(const struct fake *fake)
{
    return fake->port;
}

const char *
fake_stop(struct fake *fake)
{
    (void)shutdown(fake->listener, SHUT_RDWR);
    (void)pthread_join(fake->thread, NULL);
    return fake->log;
}

void
fake_free(struct fake *fake)
{
    if (fake->listener >= 0)
        (void)close(fake->listener);
    SSL_CTX_free(fake->ctx);
    free(fake->document);
    free(fake);
}
