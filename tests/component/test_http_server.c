/* The HTTPS server by itself, with short deadlines and rude clients. */
#include "http_fixture.h"

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
    host_start(host);
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
    host_start(host);
    for (size_t i = 0; i < PH_COUNT(halves); i++) {
        struct https_client client;
        struct https_reply reply;

        host_open_as(host, &client, "pr-1");
        assert_true(https_send(&client, halves[i], strlen(halves[i])));
        https_receive(&client, false, &reply);
        assert_int_equal(reply.status, 408);
        assert_non_null(strstr(ph_buf_str(&reply.body), "\"detail\":\"The "));
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
    host_start(host);
    host_open_as(host, &client, "pr-1");
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
    host_start(host);
    host_open_as(host, &client, "pr-1");
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

    host->at.address_max = 2;
    host_start(host);
    host_open_as(host, &one, "pr-1");
    host_open_as(host, &two, "pr-2");
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

    host->at.peer_max = 1;
    host_start(host);
    host_open_as(host, &one, "pr-1");
    assert_int_equal(rig_status(&one, "GET", "/", NULL, NULL), 200);
    host_open_as(host, &two, "pr-1");
    assert_int_equal(rig_status(&two, "GET", "/", NULL, NULL), 0);
    host_open_as(host, &other, "pr-2");
    assert_int_equal(rig_status(&other, "GET", "/", NULL, NULL), 200);
    https_close(&one);
    https_close(&two);
    https_close(&other);
}

/* SR-49. No handshake ends by its own time here: who is served was let in. */
static void
check_gives_way(struct host *host)
{
    struct https_client good;
    int fds[2];
    char byte;

    host_start(host);
    for (size_t i = 0; i < PH_COUNT(fds); i++)
        fds[i] = https_connect_tcp(host->port);
    host_open_as(host, &good, "pr-1");
    assert_int_equal(rig_status(&good, "GET", "/", NULL, NULL), 200);
    assert_int_equal(recv(fds[0], &byte, 1, 0), 0);
    assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), -1);
    https_close(&good);
    for (size_t i = 0; i < PH_COUNT(fds); i++)
        assert_int_equal(close(fds[i]), 0);
}

static void
of_many_strangers_the_oldest_gives_way(void **state)
{
    struct host *host = *state;

    host->at.strangers_max = 2;
    check_gives_way(host);
}

static void
in_a_full_house_the_oldest_stranger_gives_way(void **state)
{
    struct host *host = *state;

    host->at.connections_max = 2;
    check_gives_way(host);
}

static void
of_one_address_the_oldest_stranger_gives_way(void **state)
{
    struct host *host = *state;

    host->at.address_max = 2;
    check_gives_way(host);
}

/* A crowd from one address displaces itself, not who came before it from other
 * ones. */
static void
of_the_address_with_most_strangers_one_gives_way(void **state)
{
    struct host *host = *state;
    int alone[2], crowd[8];
    char byte;

    host->at.strangers_max = 4;
    host_start(host);
    for (unsigned i = 0; i < PH_COUNT(alone); i++)
        alone[i] = https_connect_tcp_from(host->port, 1 + i);
    for (size_t i = 0; i < PH_COUNT(crowd); i++)
        crowd[i] = https_connect_tcp(host->port);
    for (size_t i = 0; i < PH_COUNT(crowd) - 2; i++)
        assert_int_equal(recv(crowd[i], &byte, 1, 0), 0);
    for (size_t i = 0; i < PH_COUNT(alone); i++)
        assert_int_equal(recv(alone[i], &byte, 1, MSG_DONTWAIT), -1);
    for (size_t i = 0; i < PH_COUNT(crowd); i++)
        assert_int_equal(close(crowd[i]), 0);
    for (size_t i = 0; i < PH_COUNT(alone); i++)
        assert_int_equal(close(alone[i]), 0);
}

/* A byte now and then is no sign of life. */
static void
who_speaks_byte_by_byte_is_cut_like_who_is_silent(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: ws\r\nX-Long: ";
    struct host *host = *state;
    struct https_client client;
    struct https_reply reply;
    struct timeval soon = {.tv_usec = 20000};
    char byte;

    host->options.head_ms = 300;
    host_start(host);
    host_open_as(host, &client, "pr-1");
    assert_true(https_send(&client, head, sizeof(head) - 1));
    assert_int_equal(
        setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
    while (recv(client.fd, &byte, 1, MSG_PEEK) < 0)
        (void)https_send(&client, "a", 1);
    https_receive(&client, false, &reply);
    assert_int_equal(reply.status, 408);
    https_reply_close(&reply);
    https_close(&client);
}

static void
connections_over_the_maximum_wait_for_one_to_leave(void **state)
{
    struct host *host = *state;
    struct https_client one, two;
    int fd;

    host->at.connections_max = 1;
    host_start(host);
    host_open_as(host, &one, "pr-1");
    assert_int_equal(rig_status(&one, "GET", "/", NULL, NULL), 200);
    fd = https_connect_tcp(host->port); /* in the backlog */
    assert_int_equal(rig_status(&one, "GET", "/", NULL, NULL), 200);
    https_close(&one);
    assert_int_equal(close(fd), 0);
    host_open_as(host, &two, "pr-1");
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
    host_start(host);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct https_client client;
        struct https_reply reply;

        host_open_as(host, &client, "pr-1");
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

    host_start(host);
    ph_buf_init(&buf, 65536);
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            ph_buf_printf(&buf, "GET /%d HTTP/1.1\r\nHost: ws\r\n\r\n", i),
            PH_OK);
    host_open_as(host, &client, "pr-1");
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

    host_start(host);
    host_open_as(host, &client, "pr-1");
    https_do(&client, "HEAD", "/big", NULL, NULL, &reply);
    assert_string_equal(https_field(&reply, "Content-Length"), "300000");
    https_reply_close(&reply);
    https_do(&client, "GET", "/big", NULL, NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body.len, HOST_BIG);
    assert_int_equal(reply.body.data[HOST_BIG - 1], 'b');
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

    host_start(host);
    host_open_as(host, &client, "pr-1");
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

    host_start(host);
    host_open_as(host, &client, "pr-1");
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

    host_start(host);
    host_open_as(host, &client, "pr-1");
    assert_true(https_send(&client, request, sizeof(request) - 1));
    uv_sem_wait(&host->arrived);
    https_close(&client);
    host_wake(host, false); /* answers */
    host_open_as(host, &client, "pr-1");
    assert_int_equal(rig_status(&client, "GET", "/", NULL, NULL), 200);
    https_close(&client);
}

static void
an_exchange_may_be_answered_when_the_server_stops(void **state)
{
    static const char request[] = "GET /later HTTP/1.1\r\nHost: ws\r\n\r\n";
    struct host *host = *state;
    struct https_client client;

    host_start(host);
    host_open_as(host, &client, "pr-1");
    assert_true(https_send(&client, request, sizeof(request) - 1));
    uv_sem_wait(&host->arrived);
    https_close(&client);
}

#define HOST_TEST(f) \
    cmocka_unit_test_setup_teardown(f, host_set_up, host_tear_down)

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
        HOST_TEST(of_many_strangers_the_oldest_gives_way),
        HOST_TEST(in_a_full_house_the_oldest_stranger_gives_way),
        HOST_TEST(of_one_address_the_oldest_stranger_gives_way),
        HOST_TEST(of_the_address_with_most_strangers_one_gives_way),
        HOST_TEST(who_speaks_byte_by_byte_is_cut_like_who_is_silent),
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
