/* The HTTPS server by itself, with short deadlines and rude clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "https_client.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/net/http_server.h"
#include "release_rig.h"

#define BIG      ((size_t)300000)
#define NEVER_MS 60000

struct host {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t wake;
    struct ph_tls_server *tls;
    struct ph_http_server *http;
    struct ph_http_options options;
    uint16_t port;
    uv_sem_t arrived; /* a request for /later */
    uv_sem_t source_done;
    uv_sem_t woken;
    struct ph_http_exchange *later;
    atomic_int whole; /* what the last source was told */
    atomic_int refused;
    atomic_int stopped; /* times the server said it was gone */
    bool stop;          /* what the next wake is for */
};

/* --- what it serves --- */

static int
pull(void *arg, void *dst, size_t cap, size_t *out_len)
{
    (void)arg;
    memset(dst, 'x', cap);
    *out_len = cap;
    return PH_OK;
}

static int
pull_nothing(void *arg, void *dst, size_t cap, size_t *out_len)
{
    (void)arg;
    (void)dst;
    (void)cap;
    (void)out_len;
    return PH_ERR_CORRUPT;
}

static void
on_source_done(void *arg, bool whole)
{
    struct host *host = arg;

    atomic_store(&host->whole, whole);
    uv_sem_post(&host->source_done);
}

static void
answer_path(struct host *host, struct ph_http_exchange *exchange)
{
    const struct ph_http_text *path = &ph_http_exchange_request(exchange)->path;
    struct ph_http_source source = {
        .pull = pull, .done = on_source_done, .arg = host};
    struct ph_http_response response = {.status = 200,
                                        .content_type = "text/plain"};
    char *big = NULL;

    if (ph_http_text_is(path, "/big")) {
        big = malloc(BIG);
        assert_non_null(big);
        memset(big, 'b', BIG);
        response.body = big;
        response.body_len = BIG;
    } else if (ph_http_text_is(path, "/stream") ||
               ph_http_text_is(path, "/broken")) {
        if (ph_http_text_is(path, "/broken"))
            source.pull = pull_nothing;
        response.source = &source;
        response.source_len = (uint64_t)64 * 1024 * 1024;
    } else {
        response.body = path->at;
        response.body_len = path->len;
    }
    ph_http_exchange_answer(exchange, &response);
    free(big);
}

static void
on_request(struct ph_http_exchange *exchange, void *arg)
{
    struct host *host = arg;

    if (ph_http_text_is(&ph_http_exchange_request(exchange)->path, "/later")) {
        host->later = exchange;
        uv_sem_post(&host->arrived);
        return;
    }
    answer_path(host, exchange);
}

static void
on_refused(const char *address, const char *reason, void *arg)
{
    struct host *host = arg;

    assert_string_equal(address, "127.0.0.1");
    assert_true(reason[0] != '\0');
    atomic_fetch_add(&host->refused, 1);
}

static bool
admit_all(const struct ph_identity *peer, struct ph_why *why, void *arg)
{
    (void)peer;
    (void)why;
    (void)arg;
    return true;
}

/* --- the loop --- */

static void
on_gone(void *arg)
{
    struct host *host = arg;

    atomic_fetch_add(&host->stopped, 1);
}

static void
on_wake(uv_async_t *async)
{
    struct host *host = async->data;

    if (host->later != NULL)
        answer_path(host, host->later);
    host->later = NULL;
    uv_sem_post(&host->woken);
    if (!host->stop)
        return;
    ph_http_server_stop(host->http, on_gone, host);
    uv_close((uv_handle_t *)async, NULL);
}

static void
run_loop(void *arg)
{
    struct host *host = arg;

    (void)uv_run(&host->loop, UV_RUN_DEFAULT);
}

static int
set_up(void **state)
{
    struct host *host = calloc(1, sizeof(*host));
    struct ph_tls_options tls = {.admit = admit_all};
    struct ph_why why = {""};

    assert_non_null(host);
    tls.cert_file = rig_pki("ws-test.crt");
    tls.key_file = rig_pki("ws-test.key");
    tls.client_ca_file = rig_pki("ca.crt");
    assert_int_equal(ph_tls_server_new(&tls, &host->tls, &why), PH_OK);
    ph_http_options_init(&host->options);
    host->options.address = "127.0.0.1";
    host->options.tls = host->tls;
    host->options.on_request = on_request;
    host->options.on_refused = on_refused;
    host->options.arg = host;
    host->options.handshake_ms = NEVER_MS;
    host->options.head_ms = NEVER_MS;
    host->options.idle_ms = NEVER_MS;
    host->options.stall_ms = NEVER_MS;
    *state = host;
    return 0;
}

/* With the options that the test has set. */
static void
start(struct host *host)
{
    struct ph_why why = {""};

    assert_int_equal(uv_loop_init(&host->loop), 0);
    assert_int_equal(uv_async_init(&host->loop, &host->wake, on_wake), 0);
    host->wake.data = host;
    assert_int_equal(uv_sem_init(&host->arrived, 0), 0);
    assert_int_equal(uv_sem_init(&host->source_done, 0), 0);
    assert_int_equal(uv_sem_init(&host->woken, 0), 0);
    assert_int_equal(
        ph_http_server_start(&host->loop, &host->options, &host->http, &why),
        PH_OK);
    host->port = ph_http_server_port(host->http);
    assert_int_equal(uv_thread_create(&host->thread, run_loop, host), 0);
}

static void
wake(struct host *host, bool stop)
{
    host->stop = stop;
    assert_int_equal(uv_async_send(&host->wake), 0);
    uv_sem_wait(&host->woken);
}

static int
tear_down(void **state)
{
    struct host *host = *state;

    wake(host, true);
    assert_int_equal(uv_thread_join(&host->thread), 0);
    assert_int_equal(atomic_load(&host->stopped), 1);
    assert_int_equal(uv_loop_close(&host->loop), 0);
    uv_sem_destroy(&host->arrived);
    uv_sem_destroy(&host->source_done);
    uv_sem_destroy(&host->woken);
    ph_tls_server_free(host->tls);
    free(host);
    return 0;
}

static void
open_as(struct host *host, struct https_client *client, const char *name)
{
    assert_true(
        https_open(client, host->port, rig_pki("ca.crt"), rig_pki(name)));
}

/* Nothing more comes. */
static void
check_end(struct https_client *client)
{
    char byte;

    assert_int_equal(https_read(client, &byte, 1), 0);
}

/* --- deadlines --- */

static void
a_handshake_that_takes_too_long_is_cut(void **state)
{
    struct host *host = *state;
    char byte;
    int fd;

    host->options.handshake_ms = 100;
    start(host);
    fd = https_connect_tcp(host->port);
    assert_int_equal(send(fd, "\x16\x03\x01", 3, 0), 3);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(atomic_load(&host->refused), 1);
}

static void
half_a_request_is_answered_408(void **state)
{
    static const char *const halves[] = {
        "GET / HTTP/1.1\r\nHost: w",
        "POST / HTTP/1.1\r\nHost: ws\r\nContent-Length: 9\r\n\r\n12345678",
    };
    struct host *host = *state;

    host->options.head_ms = 100;
    start(host);
    for (size_t i = 0; i < PH_COUNT(halves); i++) {
        struct https_client client;
        struct https_reply reply;

        open_as(host, &client, "pr-1");
        assert_true(https_send(&client, halves[i], strlen(halves[i])));
        https_receive(&client, false, &reply);
        assert_int_equal(reply.status, 408);
        https_reply_close(&reply);
        check_end(&client);
        https_close(&client);
    }
}

static void
an_idle_connection_is_ended_in_good_order(void **state)
{
    struct host *host = *state;
    struct https_client client;

    host->options.idle_ms = 100;
    start(host);
    open_as(host, &client, "pr-1");
    assert_int_equal(rig_status(&client, "GET", "/", NULL, NULL), 200);
    check_end(&client);
    assert_int_equal(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN,
                     SSL_RECEIVED_SHUTDOWN);
    https_close(&client);
}

static void
a_reader_that_does_not_read_is_cut(void **state)
{
    static const char request[] = "GET /stream HTTP/1.1\r\nHost: ws\r\n\r\n";
    struct host *host = *state;
    struct https_client client;

    host->options.stall_ms = 100;
    start(host);
    open_as(host, &client, "pr-1");
    assert_true(https_send(&client, request, sizeof(request) - 1));
    uv_sem_wait(&host->source_done);
    assert_int_equal(atomic_load(&host->whole), 0);
    https_close(&client);
}

/* --- limits --- */

static void
more_connections_of_one_address_than_allowed_are_closed(void **state)
{
    struct host *host = *state;
    struct https_client one, two;
    char byte;
    int fd;

    host->options.address_max = 2;
    start(host);
    open_as(host, &one, "pr-1");
    open_as(host, &two, "pr-2");
    fd = https_connect_tcp(host->port);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(rig_status(&one, "GET", "/", NULL, NULL), 200);
    assert_int_equal(rig_status(&two, "GET", "/", NULL, NULL), 200);
    https_close(&one);
    https_close(&two);
}

static void
more_connections_of_one_certificate_than_allowed_are_ended(void **state)
{
    struct host *host = *state;
    struct https_client one, two, other;

    host->options.peer_max = 1;
    start(host);
    open_as(host, &one, "pr-1");
    assert_int_equal(rig_status(&one, "GET", "/", NULL, NULL), 200);
    open_as(host, &two, "pr-1");
    assert_int_equal(rig_status(&two, "GET", "/", NULL, NULL), 0);
    open_as(host, &other, "pr-2");
    assert_int_equal(rig_status(&other, "GET", "/", NULL, NULL), 200);
    https_close(&one);
    https_close(&two);
    https_close(&other);
}

static void
connections_over_the_maximum_wait_for_one_to_leave(void **state)
{
    struct host *host = *state;
    struct https_client one, two;
    int fd;

    host->options.connections_max = 1;
    start(host);
    open_as(host, &one, "pr-1");
    assert_int_equal(rig_status(&one, "GET", "/", NULL, NULL), 200);
    fd = https_connect_tcp(host->port); /* in the backlog */
    assert_int_equal(rig_status(&one, "GET", "/", NULL, NULL), 200);
    https_close(&one);
    assert_int_equal(close(fd), 0);
    open_as(host, &two, "pr-1");
    assert_int_equal(rig_status(&two, "GET", "/", NULL, NULL), 200);
    https_close(&two);
}

static void
what_is_too_long_or_not_http_is_refused_and_ended(void **state)
{
    static const struct {
        const char *wrong;
        const char *text;
        size_t filler; /* so many 'a' behind it */
        unsigned status;
    } cases[] = {
        {"a head without end", "GET /", 20000, 414},
        {"a field without end", "GET / HTTP/1.1\r\nHost: ws\r\nA: ", 20000,
         431},
        {"a body over the maximum",
         "POST / HTTP/1.1\r\nHost: ws\r\nContent-Length: 32769\r\n\r\n", 0,
         413},
        {"chunks",
         "POST / HTTP/1.1\r\nHost: ws\r\nTransfer-Encoding: chunked\r\n\r\n", 0,
         501},
        {"HTTP/1.0", "GET / HTTP/1.0\r\nHost: ws\r\n\r\n", 0, 505},
        {"no HTTP", "\x16\x03\x01\r\n\r\n", 0, 400},
    };
    struct host *host = *state;
    char *filler = malloc(20000);

    assert_non_null(filler);
    memset(filler, 'a', 20000);
    start(host);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct https_client client;
        struct https_reply reply;

        open_as(host, &client, "pr-1");
        assert_true(https_send(&client, cases[i].text, strlen(cases[i].text)));
        if (cases[i].filler > 0)
            (void)https_send(&client, filler, cases[i].filler);
        https_receive(&client, false, &reply);
        /* Without its line end a long target is only a long head. */
        if (reply.status != cases[i].status &&
            !(cases[i].status == 414 && reply.status == 431))
            fail_msg("%s: %u", cases[i].wrong, reply.status);
        assert_string_equal(https_field(&reply, "Connection"), "close");
        https_reply_close(&reply);
        check_end(&client);
        https_close(&client);
    }
    free(filler);
}

/* --- answers --- */

static void
requests_sent_at_once_are_answered_in_order(void **state)
{
    struct host *host = *state;
    struct https_client client;
    struct ph_buf buf;

    start(host);
    ph_buf_init(&buf, 65536);
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            ph_buf_printf(&buf, "GET /%d HTTP/1.1\r\nHost: ws\r\n\r\n", i),
            PH_OK);
    open_as(host, &client, "pr-1");
    assert_true(https_send(&client, buf.data, buf.len));
    for (int i = 0; i < 100; i++) {
        struct https_reply reply;
        char path[16];

        https_receive(&client, false, &reply);
        (void)snprintf(path, sizeof(path), "/%d", i);
        assert_int_equal(reply.status, 200);
        assert_string_equal(ph_buf_str(&reply.body), path);
        https_reply_close(&reply);
    }
    ph_buf_close(&buf);
    https_close(&client);
}

static void
a_long_answer_of_memory_arrives_whole(void **state)
{
    struct host *host = *state;
    struct https_client client;
    struct https_reply reply;

    start(host);
    open_as(host, &client, "pr-1");
    https_do(&client, "HEAD", "/big", NULL, NULL, &reply);
    assert_string_equal(https_field(&reply, "Content-Length"), "300000");
    https_reply_close(&reply);
    https_do(&client, "GET", "/big", NULL, NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body.len, BIG);
    assert_int_equal(reply.body.data[BIG - 1], 'b');
    assert_string_equal(https_field(&reply, "Cache-Control"), "no-store");
    https_reply_close(&reply);
    https_close(&client);
}

static void
a_source_is_told_whether_it_was_taken_whole(void **state)
{
    struct host *host = *state;
    struct https_client client;
    struct https_reply reply;

    start(host);
    open_as(host, &client, "pr-1");
    https_do(&client, "GET", "/stream", NULL, NULL, &reply);
    assert_int_equal(reply.body.len, 64 * 1024 * 1024);
    https_reply_close(&reply);
    uv_sem_wait(&host->source_done);
    assert_int_equal(atomic_load(&host->whole), 1);
    https_do(&client, "GET", "/broken", NULL, NULL, &reply);
    assert_false(reply.whole);
    assert_int_equal(reply.body.len, 0);
    https_reply_close(&reply);
    uv_sem_wait(&host->source_done);
    assert_int_equal(atomic_load(&host->whole), 0);
    https_close(&client);
}

static void
a_client_that_asks_first_is_told_to_continue(void **state)
{
    static const char head[] = "POST /p HTTP/1.1\r\nHost: ws\r\n"
                               "Content-Length: 2\r\n"
                               "Expect: 100-continue\r\n\r\n";
    struct host *host = *state;
    struct https_client client;
    struct https_reply reply;

    start(host);
    open_as(host, &client, "pr-1");
    assert_true(https_send(&client, head, sizeof(head) - 1));
    https_receive(&client, false, &reply);
    assert_int_equal(reply.status, 100);
    https_reply_close(&reply);
    assert_true(https_send(&client, "{}", 2));
    https_receive(&client, false, &reply);
    assert_int_equal(reply.status, 200);
    https_reply_close(&reply);
    https_close(&client);
}

static void
an_exchange_may_be_answered_when_its_client_is_gone(void **state)
{
    static const char request[] = "GET /later HTTP/1.1\r\nHost: ws\r\n\r\n";
    struct host *host = *state;
    struct https_client client;

    start(host);
    open_as(host, &client, "pr-1");
    assert_true(https_send(&client, request, sizeof(request) - 1));
    uv_sem_wait(&host->arrived);
    https_close(&client);
    wake(host, false); /* answers */
    open_as(host, &client, "pr-1");
    assert_int_equal(rig_status(&client, "GET", "/", NULL, NULL), 200);
    https_close(&client);
}

static void
an_exchange_may_be_answered_when_the_server_stops(void **state)
{
    static const char request[] = "GET /later HTTP/1.1\r\nHost: ws\r\n\r\n";
    struct host *host = *state;
    struct https_client client;

    start(host);
    open_as(host, &client, "pr-1");
    assert_true(https_send(&client, request, sizeof(request) - 1));
    uv_sem_wait(&host->arrived);
    https_close(&client);
}

#define HOST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        HOST_TEST(a_handshake_that_takes_too_long_is_cut),
        HOST_TEST(half_a_request_is_answered_408),
        HOST_TEST(an_idle_connection_is_ended_in_good_order),
        HOST_TEST(a_reader_that_does_not_read_is_cut),
        HOST_TEST(more_connections_of_one_address_than_allowed_are_closed),
        HOST_TEST(more_connections_of_one_certificate_than_allowed_are_ended),
        HOST_TEST(connections_over_the_maximum_wait_for_one_to_leave),
        HOST_TEST(what_is_too_long_or_not_http_is_refused_and_ended),
        HOST_TEST(requests_sent_at_once_are_answered_in_order),
        HOST_TEST(a_long_answer_of_memory_arrives_whole),
        HOST_TEST(a_source_is_told_whether_it_was_taken_whole),
        HOST_TEST(a_client_that_asks_first_is_told_to_continue),
        HOST_TEST(an_exchange_may_be_answered_when_its_client_is_gone),
        HOST_TEST(an_exchange_may_be_answered_when_the_server_stops),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
