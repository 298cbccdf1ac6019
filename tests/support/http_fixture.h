/*
 * The HTTPS server by itself on a loop of its own thread, with the options that a
 * test sets between host_set_up and host_start. It serves /big from memory,
 * /stream and /broken from a source, /later when the test says so, and any other
 * path as its own text.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_HTTP_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_HTTP_FIXTURE_H

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

#define HOST_BIG      ((size_t)300000)
#define HOST_NEVER_MS 60000

struct host {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t wake;
    struct ph_tls_server *tls;
    struct ph_http_server *http;
    struct ph_http_door_options at;
    struct ph_http_door *door;
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

static inline int
host_pull(void *arg, void *dst, size_t cap, size_t *out_len)
{
    (void)arg;
    memset(dst, 'x', cap);
    *out_len = cap;
    return PH_OK;
}

static inline int
host_pull_nothing(void *arg, void *dst, size_t cap, size_t *out_len)
{
    (void)arg;
    (void)dst;
    (void)cap;
    (void)out_len;
    return PH_ERR_CORRUPT;
}

static inline void
host_source_done(void *arg, bool whole)
{
    struct host *host = arg;

    atomic_store(&host->whole, whole);
    uv_sem_post(&host->source_done);
}

static inline void
host_answer(struct host *host, struct ph_http_exchange *exchange)
{
    const struct ph_http_text *path = &ph_http_exchange_request(exchange)->path;
    struct ph_http_source source = {
        .pull = host_pull, .done = host_source_done, .arg = host};
    struct ph_http_response response = {.status = 200,
                                        .content_type = "text/plain"};
    char *big = NULL;

    if (ph_http_text_is(path, "/big")) {
        big = malloc(HOST_BIG);
        assert_non_null(big);
        memset(big, 'b', HOST_BIG);
        response.body = big;
        response.body_len = HOST_BIG;
    } else if (ph_http_text_is(path, "/stream") ||
               ph_http_text_is(path, "/broken")) {
        if (ph_http_text_is(path, "/broken"))
            source.pull = host_pull_nothing;
        response.source = &source;
        response.source_len = (uint64_t)64 * 1024 * 1024;
    } else {
        response.body = path->at;
        response.body_len = path->len;
    }
    ph_http_exchange_answer(exchange, &response);
    free(big);
}

static inline void
host_on_request(struct ph_http_exchange *exchange, void *arg)
{
    struct host *host = arg;

    if (ph_http_text_is(&ph_http_exchange_request(exchange)->path, "/later")) {
        host->later = exchange;
        uv_sem_post(&host->arrived);
        return;
    }
    host_answer(host, exchange);
}

static inline void
host_on_refused(const char *address, const char *reason, void *arg)
{
    struct host *host = arg;

    assert_memory_equal(address, "127.0.0.", 8);
    assert_true(reason[0] != '\0');
    atomic_fetch_add(&host->refused, 1);
}

static inline bool
host_admit_all(const struct ph_identity *peer, struct ph_why *why, void *arg)
{
    (void)peer;
    (void)why;
    (void)arg;
    return true;
}

/* --- the loop --- */

static inline void
host_on_gone(void *arg)
{
    struct host *host = arg;

    atomic_fetch_add(&host->stopped, 1);
}

static inline void
host_on_wake(uv_async_t *async)
{
    struct host *host = async->data;

    if (host->later != NULL)
        host_answer(host, host->later);
    host->later = NULL;
    uv_sem_post(&host->woken);
    if (!host->stop)
        return;
    ph_http_server_stop(host->http, host_on_gone, host);
    uv_close((uv_handle_t *)async, NULL);
}

static inline void
host_run_loop(void *arg)
{
    struct host *host = arg;

    (void)uv_run(&host->loop, UV_RUN_DEFAULT);
}

static inline int
host_set_up(void **state)
{
    struct host *host = calloc(1, sizeof(*host));
    struct ph_tls_options tls = {.admit = host_admit_all};
    struct ph_why why = {""};

    assert_non_null(host);
    tls.cert_file = rig_pki("ws-test.crt");
    tls.key_file = rig_pki("ws-test.key");
    tls.client_ca_file = rig_pki("ca.crt");
    assert_int_equal(ph_tls_server_new(&tls, &host->tls, &why), PH_OK);
    ph_http_options_init(&host->options);
    ph_http_door_options_init(&host->at);
    host->at.address = "127.0.0.1";
    host->options.tls = host->tls;
    host->options.on_request = host_on_request;
    host->options.on_refused = host_on_refused;
    host->options.arg = host;
    host->options.handshake_ms = HOST_NEVER_MS;
    host->options.head_ms = HOST_NEVER_MS;
    host->options.idle_ms = HOST_NEVER_MS;
    host->options.stall_ms = HOST_NEVER_MS;
    *state = host;
    return 0;
}

/* With the options that the test has set. */
static inline void
host_start(struct host *host)
{
    struct ph_why why = {""};

    assert_int_equal(uv_loop_init(&host->loop), 0);
    assert_int_equal(uv_async_init(&host->loop, &host->wake, host_on_wake), 0);
    host->wake.data = host;
    assert_int_equal(uv_sem_init(&host->arrived, 0), 0);
    assert_int_equal(uv_sem_init(&host->source_done, 0), 0);
    assert_int_equal(uv_sem_init(&host->woken, 0), 0);
    assert_int_equal(ph_http_door_open(&host->at, &host->door, &why), PH_OK);
    host->options.door = host->door;
    assert_int_equal(
        ph_http_server_start(&host->loop, &host->options, &host->http), PH_OK);
    host->port = ph_http_door_port(host->door);
    assert_int_equal(uv_thread_create(&host->thread, host_run_loop, host), 0);
}

static inline void
host_wake(struct host *host, bool stop)
{
    host->stop = stop;
    assert_int_equal(uv_async_send(&host->wake), 0);
    uv_sem_wait(&host->woken);
}

static inline int
host_tear_down(void **state)
{
    struct host *host = *state;

    host_wake(host, true);
    assert_int_equal(uv_thread_join(&host->thread), 0);
    assert_int_equal(atomic_load(&host->stopped), 1);
    assert_int_equal(uv_loop_close(&host->loop), 0);
    uv_sem_destroy(&host->arrived);
    uv_sem_destroy(&host->source_done);
    uv_sem_destroy(&host->woken);
    ph_http_door_close(host->door);
    ph_tls_server_free(host->tls);
    free(host);
    return 0;
}

static inline void
host_open_as(struct host *host, struct https_client *client, const char *name)
{
    assert_true(
        https_open(client, host->port, rig_pki("ca.crt"), rig_pki(name)));
}

#endif
