/* The table of sessions: whose, how long, how many. */
#include "release_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define NOW INT64_C(1000000000)

static struct ph_identity
printer(unsigned n)
{
    struct ph_identity peer = {.kind = PH_IDENTITY_PRINTER,
                               .not_after_ms = INT64_MAX};

    (void)snprintf(peer.id, sizeof(peer.id), "pr-%u", n);
    (void)snprintf(peer.thumbprint, sizeof(peer.thumbprint), "%043u", n);
    return peer;
}

static int
open_one(struct ph_release_sessions *sessions, const struct ph_identity *peer,
         int64_t now_ms, struct ph_id *out_id)
{
    static const struct ph_grant grant = {.all_jobs = true};
    int64_t expires_ms;

    return ph_release_session_open(sessions, peer, &grant, "ann@example.com",
                                   now_ms, out_id, &expires_ms);
}

static int
use(struct ph_release_sessions *sessions, const struct ph_identity *peer,
    const struct ph_id *id, int64_t now_ms)
{
    struct ph_release_who who;
    char text[64] = "Bearer ";

    ph_id_format(id, text + 7);
    return ph_release_session_use(sessions, text, strlen(text), peer, now_ms,
                                  &who);
}

static void
a_session_lives_ten_minutes_from_its_last_use(void **state)
{
    const struct ph_identity peer = printer(1);
    struct ph_release_sessions *sessions;
    struct ph_id id;

    (void)state;
    assert_int_equal(ph_release_sessions_new(&sessions), PH_OK);
    assert_int_equal(open_one(sessions, &peer, NOW, &id), PH_OK);
    assert_int_equal(use(sessions, &peer, &id, NOW + 599999), PH_OK);
    ph_release_session_touch(sessions, &id, NOW + 1199998);
    assert_int_equal(use(sessions, &peer, &id, NOW + 1799997), PH_OK);
    assert_int_equal(use(sessions, &peer, &id, NOW + 2399997), PH_ERR_DENIED);
    ph_release_sessions_free(sessions);
}

static void
a_session_dies_with_the_certificate(void **state)
{
    struct ph_identity peer = printer(1);
    struct ph_release_sessions *sessions;
    struct ph_id id;

    (void)state;
    peer.not_after_ms = NOW + 1000;
    assert_int_equal(ph_release_sessions_new(&sessions), PH_OK);
    assert_int_equal(open_one(sessions, &peer, NOW, &id), PH_OK);
    assert_int_equal(use(sessions, &peer, &id, NOW + 999), PH_OK);
    assert_int_equal(use(sessions, &peer, &id, NOW + 1000), PH_ERR_DENIED);
    ph_release_sessions_free(sessions);
}

static void
only_the_exact_words_of_its_own_printer_find_it(void **state)
{
    static const char *const prefixes[] = {"Basic ", "Bearer  ", "Bearer",
                                           " Bearer ", ""};
    const struct ph_identity peer = printer(1), other = printer(2);
    struct ph_release_sessions *sessions;
    struct ph_release_who who;
    struct ph_id id;
    char text[64];

    (void)state;
    assert_int_equal(ph_release_sessions_new(&sessions), PH_OK);
    assert_int_equal(open_one(sessions, &peer, NOW, &id), PH_OK);
    assert_int_equal(use(sessions, &other, &id, NOW), PH_ERR_DENIED);
    for (size_t i = 0; i < PH_COUNT(prefixes); i++) {
        size_t len = strlen(prefixes[i]);

        memcpy(text, prefixes[i], len);
        ph_id_format(&id, text + len);
        assert_int_equal(ph_release_session_use(sessions, text, strlen(text),
                                                &peer, NOW, &who),
                         PH_ERR_DENIED);
    }
    ph_release_session_close(sessions, &id);
    assert_int_equal(use(sessions, &peer, &id, NOW), PH_ERR_DENIED);
    ph_release_sessions_free(sessions);
}

static void
a_printer_with_many_sessions_loses_its_oldest(void **state)
{
    const struct ph_identity peer = printer(1), other = printer(2);
    struct ph_release_sessions *sessions;
    struct ph_id first, others, id;

    (void)state;
    assert_int_equal(ph_release_sessions_new(&sessions), PH_OK);
    assert_int_equal(open_one(sessions, &other, NOW - 1, &others), PH_OK);
    assert_int_equal(open_one(sessions, &peer, NOW, &first), PH_OK);
    for (int64_t i = 1; i <= PH_SESSIONS_PER_PRINTER_MAX; i++)
        assert_int_equal(open_one(sessions, &peer, NOW + i, &id), PH_OK);
    assert_int_equal(use(sessions, &peer, &first, NOW + 20), PH_ERR_DENIED);
    assert_int_equal(use(sessions, &peer, &id, NOW + 20), PH_OK);
    assert_int_equal(use(sessions, &other, &others, NOW + 20), PH_OK);
    ph_release_sessions_free(sessions);
}

static void
the_table_has_an_end_until_sessions_end(void **state)
{
    struct ph_release_sessions *sessions;
    struct ph_identity peer;
    struct ph_id id;

    (void)state;
    assert_int_equal(ph_release_sessions_new(&sessions), PH_OK);
    for (unsigned i = 0; i < PH_SESSIONS_MAX; i++) {
        peer = printer(i);
        assert_int_equal(open_one(sessions, &peer, NOW, &id), PH_OK);
    }
    peer = printer(PH_SESSIONS_MAX);
    assert_int_equal(open_one(sessions, &peer, NOW, &id), PH_ERR_LIMIT);
    assert_int_equal(open_one(sessions, &peer, NOW + PH_SESSION_LIFE_MS, &id),
                     PH_OK);
    ph_release_sessions_free(sessions);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_lives_ten_minutes_from_its_last_use),
        cmocka_unit_test(a_session_dies_with_the_certificate),
        cmocka_unit_test(only_the_exact_words_of_its_own_printer_find_it),
        cmocka_unit_test(a_printer_with_many_sessions_loses_its_oldest),
        cmocka_unit_test(the_table_has_an_end_until_sessions_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
