/* Grants as they are made: what comes out is what ph_grant_open takes. */
#include "printhold/proto/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "grant_fixture.h"

#define THUMB "0123456789012345678901234567890123456789012"

static struct ph_grant
sample(void)
{
    struct ph_grant grant = {
        .issuer = "https://hub.example",
        .audience = {"ws-0", "ws-1"},
        .audience_count = 2,
        .subject = "ann@example.com",
        .thumbprint = THUMB,
        .issued_s = 1000,
        .not_before_s = 990,
        .expires_s = 1120,
        .jti = "abcdefghijklmnopqrstuv",
        .method = {"badge", "pin"},
        .method_count = 2,
        .all_jobs = true,
    };

    return grant;
}

static void
what_was_made_is_opened(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_grant made = sample(), got;
    struct ph_why why = {{0}};
    struct ph_buf token;

    ph_buf_init(&token, PH_JWS_MAX);
    made.all_jobs = false;
    made.job_count = PH_GRANT_JOBS_MAX;
    for (size_t i = 0; i < PH_GRANT_JOBS_MAX; i++)
        made.job[i].bytes[3] = (uint8_t)i;
    assert_int_equal(ph_grant_sign(&made, f->key, &token), PH_OK);
    assert_int_equal(
        ph_grant_open((char *)token.data, token.len, f->keys, &got, &why),
        PH_OK);
    assert_string_equal(got.issuer, made.issuer);
    assert_int_equal(got.audience_count, 2);
    assert_string_equal(got.audience[1], "ws-1");
    assert_string_equal(got.subject, made.subject);
    assert_string_equal(got.thumbprint, THUMB);
    assert_int_equal(got.issued_s, 1000);
    assert_int_equal(got.not_before_s, 990);
    assert_int_equal(got.expires_s, 1120);
    assert_string_equal(got.jti, made.jti);
    assert_int_equal(got.method_count, 2);
    assert_string_equal(got.method[0], "badge");
    assert_string_equal(got.method[1], "pin");
    assert_false(got.all_jobs);
    assert_int_equal(got.job_count, PH_GRANT_JOBS_MAX);
    assert_int_equal(got.job[7].bytes[3], 7);
    ph_buf_close(&token);
}

static void
all_jobs_are_no_list(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_grant made = sample(), got;
    struct ph_why why = {{0}};
    struct ph_buf token;

    ph_buf_init(&token, PH_JWS_MAX);
    assert_int_equal(ph_grant_sign(&made, f->key, &token), PH_OK);
    assert_int_equal(
        ph_grant_open((char *)token.data, token.len, f->keys, &got, &why),
        PH_OK);
    assert_true(got.all_jobs);
    ph_buf_close(&token);
}

static void
no_issuer(struct ph_grant *grant)
{
    grant->issuer[0] = '\0';
}

static void
no_audience(struct ph_grant *grant)
{
    grant->audience_count = 0;
}

static void
an_audience_too_many(struct ph_grant *grant)
{
    grant->audience_count = PH_GRANT_AUDIENCES_MAX + 1;
}

static void
no_subject(struct ph_grant *grant)
{
    grant->subject[0] = '\0';
}

static void
a_subject_that_is_not_utf8(struct ph_grant *grant)
{
    grant->subject[0] = (char)0xff;
}

static void
a_short_thumbprint(struct ph_grant *grant)
{
    grant->thumbprint[42] = '\0';
}

static void
an_end_before_its_beginning(struct ph_grant *grant)
{
    grant->expires_s = grant->issued_s;
}

static void
a_short_jti(struct ph_grant *grant)
{
    grant->jti[21] = '\0';
}

static void
no_method(struct ph_grant *grant)
{
    grant->method_count = 0;
}

static void
an_empty_method(struct ph_grant *grant)
{
    grant->method[1][0] = '\0';
}

static void
a_method_too_many(struct ph_grant *grant)
{
    grant->method_count = PH_GRANT_METHODS_MAX + 1;
}

static void
what_nobody_would_take_is_not_signed(void **state)
{
    static void (*const spoil[])(struct ph_grant *) = {
        no_issuer,          no_audience,
        no_subject,         an_audience_too_many,
        a_short_thumbprint, a_subject_that_is_not_utf8,
        a_short_jti,        an_end_before_its_beginning,
        no_method,          an_empty_method,
        a_method_too_many,
    };
    struct grant_fixture *f = *state;
    struct ph_buf token;

    ph_buf_init(&token, PH_JWS_MAX);
    for (size_t i = 0; i < PH_COUNT(spoil); i++) {
        struct ph_grant grant = sample();

        spoil[i](&grant);
        assert_int_not_equal(ph_grant_sign(&grant, f->key, &token), PH_OK);
        assert_int_equal(token.len, 0);
    }
    ph_buf_close(&token);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_made_is_opened),
        cmocka_unit_test(all_jobs_are_no_list),
        cmocka_unit_test(what_nobody_would_take_is_not_signed),
    };

    return cmocka_run_group_tests(tests, grant_set_up, grant_tear_down);
}
