#include "codes.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "jobs_private.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "printhold/model/limiter.h"
#include "printhold/store/catalogue_codes.h"

#define CODES 100000000U /* there are so many */
/* Job time stands within the small steps that it does not follow. */
#define JITTER_MS 60000

/* --- limits; lock held --- */

static int
check_limit(struct ph_jobs *jobs, enum ph_code_counted kind, const char *whose,
            const struct ph_limit *limit, int64_t now_ms, int64_t *out_wait_ms)
{
    int64_t at_ms[PH_CODE_USER_MAX]; /* the larger one */
    size_t count = 0;
    int err = ph_catalogue_wrong_codes(jobs->catalogue, kind, whose, at_ms,
                                       limit->max, &count);

    if (err == PH_OK &&
        !ph_limiter_allows(limit, at_ms, count, now_ms, out_wait_ms))
        err = PH_ERR_LIMIT;
    return err;
}

static int
check_user(struct ph_jobs *jobs, uint32_t uid, int64_t now_ms,
           int64_t *out_wait_ms)
{
    static const struct ph_limit limit = {PH_CODE_USER_MAX, PH_CODE_USER_MS};
    char whose[16];

    (void)snprintf(whose, sizeof(whose), "%u", (unsigned)uid);
    return check_limit(jobs, PH_CODE_OF_USER, whose, &limit, now_ms,
                       out_wait_ms);
}

static int
forget_dead(struct ph_jobs *jobs, int64_t now_ms, size_t *out_count)
{
    const int64_t printers_ms = now_ms - PH_CODE_PRINTER_MS;
    const int64_t users_ms = now_ms - PH_CODE_USER_MS;
    int err = ph_catalogue_forget_dead_codes(jobs->catalogue, now_ms,
                                             now_ms + JITTER_MS,
                                             PH_CODE_TRIES_MAX, out_count);

    if (err == PH_OK)
        err = ph_catalogue_forget_wrong_codes(jobs->catalogue,
                                              PH_CODE_OF_PRINTER, printers_ms);
    if (err == PH_OK)
        err = ph_catalogue_forget_wrong_codes(jobs->catalogue, PH_CODE_OF_USER,
                                              users_ms);
    return err;
}

int
jobs_forget_codes(struct ph_jobs *jobs, int64_t now_ms)
{
    size_t dead;
    int err;

    jobs_lock(jobs);
    err = forget_dead(jobs, now_ms, &dead);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

/* --- finding --- */

struct search {
    const uint8_t *mac;
    bool found;
    struct ph_catalogue_code code;
};

/* Looks at every code, so that time tells nothing of them. */
static bool
compare(const struct ph_catalogue_code *code, void *arg)
{
    struct search *search = arg;

    if (CRYPTO_memcmp(code->mac, search->mac, sizeof(code->mac)) == 0) {
        search->found = true;
        search->code = *code;
    }
    return true;
}

static int
find_code(struct ph_jobs *jobs, const uint8_t mac[PH_SHA256_BYTES],
          struct search *search)
{
    *search = (struct search){.mac = mac};
    return ph_catalogue_each_code(jobs->catalogue, compare, search);
}

/* --- making --- */

/* Every code is as likely as any other. */
static int
draw(char text[PH_CODE_TEXT])
{
    uint32_t number = 0;
    int err;

    do {
        err = ph_random(&number, sizeof(number));
    } while (err == PH_OK && number >= UINT32_MAX - UINT32_MAX % CODES);
    number %= CODES;
    for (size_t i = PH_CODE_DIGITS; i > 0; i--) {
        text[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    text[PH_CODE_DIGITS] = '\0';
    return err;
}

/* One that no live code is like. */
static int
draw_free(struct ph_jobs *jobs, char text[PH_CODE_TEXT],
          uint8_t mac[PH_SHA256_BYTES])
{
    struct search search;
    int err;

    do {
        err = draw(text);
        if (err == PH_OK)
            err = ph_epoch_keys_code(jobs->keys, text, mac);
        if (err == PH_OK)
            err = find_code(jobs, mac, &search);
    } while (err == PH_OK && search.found);
    return err;
}

static int
store_new(struct ph_jobs *jobs, uint32_t uid, int64_t now_ms,
          char text[PH_CODE_TEXT])
{
    struct ph_catalogue_code code = {
        .uid = uid, .made_ms = now_ms, .expires_ms = now_ms + PH_CODE_LIFE_MS};
    size_t dead;
    int err = ph_catalogue_begin(jobs->catalogue);

    if (err != PH_OK)
        return err;
    err = forget_dead(jobs, now_ms, &dead);
    if (err == PH_OK)
        err = draw_free(jobs, text, code.mac);
    if (err == PH_OK)
        err = ph_catalogue_forget_old_codes(jobs->catalogue, uid,
                                            PH_CODES_PER_USER - 1);
    if (err == PH_OK)
        err = ph_catalogue_add_code(jobs->catalogue, &code);
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    return err;
}

static int
make(struct ph_jobs *jobs, uint32_t uid, struct ph_code *code,
     struct ph_why *why)
{
    const int64_t now_ms = jobs_now(jobs);
    char until[PH_TIME_TEXT];
    int64_t wait_ms = 0;
    int err = check_user(jobs, uid, now_ms, &wait_ms);

    if (err == PH_ERR_LIMIT) {
        ph_clock_format(jobs_wall(jobs, now_ms + wait_ms), until);
        return ph_why_fail(why, err,
                           "too many wrong codes were tried while you had one: "
                           "you get no new one before %s; sign in at the "
                           "printer in another way",
                           until);
    }
    if (err == PH_OK)
        err = store_new(jobs, uid, now_ms, code->text);
    code->expires_ms = jobs_wall(jobs, now_ms + PH_CODE_LIFE_MS);
    code->computer = jobs->workstation;
    return err;
}

bool
ph_codes_are_on(struct ph_jobs *jobs)
{
    return jobs_rule(jobs, PH_POLICY_OFFLINE_CODE) != 0;
}

int
ph_codes_make(struct ph_jobs *jobs, uint32_t uid, struct ph_code *out_code,
              struct ph_why *why)
{
    struct ph_code code = {.expires_ms = 0};
    int err;

    if (!ph_codes_are_on(jobs))
        return ph_why_fail(why, PH_ERR_DENIED,
                           "codes are switched off on this computer "
                           "(release.offline_code, or the policy of your "
                           "organisation); sign in at the printer in another "
                           "way");
    if (jobs->config.issuer_key_file[0] == '\0')
        return ph_why_fail(why, PH_ERR_STATE,
                           "printers cannot pull from this computer yet: ask "
                           "your administrator to set up release "
                           "(printhold.conf)");
    if (ph_jobs_login_of(jobs, uid, code.login, why) != PH_OK)
        return PH_ERR_DENIED;
    jobs_lock(jobs);
    err = make(jobs, uid, &code, why);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK) {
        ph_log_info("release: code made for uid %u", (unsigned)uid);
        *out_code = code;
    }
    ph_wipe(&code, sizeof(code));
    return err;
}

/* --- using --- */

/* Count it, and end what had its last try. */
static int
note_wrong(struct ph_jobs *jobs, const char *printer, int64_t now_ms)
{
    size_t ended = 0;
    int err = ph_catalogue_add_wrong_code(jobs->catalogue, PH_CODE_OF_PRINTER,
                                          printer, now_ms);

    if (err == PH_OK)
        err = ph_catalogue_code_was_wrong(jobs->catalogue, now_ms);
    if (err == PH_OK)
        err = forget_dead(jobs, now_ms, &ended);
    if (err == PH_OK && ended > 0)
        ph_log_warning("release: %zu live codes ended after %d wrong ones, the "
                       "last at printer %s",
                       ended, PH_CODE_TRIES_MAX, printer);
    return err;
}

/* In a transaction. PH_ERR_DENIED is a decision, to be made durable too. */
static int
judge(struct ph_jobs *jobs, const char *text, const char *printer,
      int64_t now_ms, uint32_t *out_uid)
{
    uint8_t mac[PH_SHA256_BYTES];
    struct search search;
    int64_t wait_ms;
    size_t dead;
    int err = forget_dead(jobs, now_ms, &dead);

    if (err == PH_OK)
        err = ph_epoch_keys_code(jobs->keys, text, mac);
    if (err == PH_OK)
        err = find_code(jobs, mac, &search);
    if (err != PH_OK)
        return err;
    if (search.found) {
        err = check_user(jobs, search.code.uid, now_ms, &wait_ms);
        if (err == PH_OK) {
            *out_uid = search.code.uid;
            return ph_catalogue_forget_code(jobs->catalogue,
                                            search.code.number);
        }
        if (err != PH_ERR_LIMIT)
            return err;
    }
    err = note_wrong(jobs, printer, now_ms);
    return err == PH_OK ? PH_ERR_DENIED : err;
}

static int
use(struct ph_jobs *jobs, const char *text, const char *printer,
    uint32_t *out_uid, int64_t *out_wait_ms)
{
    static const struct ph_limit limit = {PH_CODE_PRINTER_MAX,
                                          PH_CODE_PRINTER_MS};
    const int64_t now_ms = jobs_now(jobs);
    int verdict, err = check_limit(jobs, PH_CODE_OF_PRINTER, printer, &limit,
                                   now_ms, out_wait_ms);

    if (err == PH_OK)
        err = ph_catalogue_begin(jobs->catalogue);
    if (err != PH_OK)
        return err;
    verdict = err = judge(jobs, text, printer, now_ms, out_uid);
    if (err == PH_OK || err == PH_ERR_DENIED)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    return err == PH_OK ? verdict : err;
}

static int
explain(int err, int64_t wait_ms, struct ph_why *why)
{
    switch (err) {
    case PH_ERR_DENIED:
        return ph_why_fail(why, err,
                           "The code is wrong, was used before, or its time is "
                           "over: look at it again, or make a new one with "
                           "'printhold code'");
    case PH_ERR_LIMIT:
        return ph_why_fail(why, err,
                           "Too many wrong codes at this printer: try again "
                           "in %lld min",
                           (long long)(wait_ms + 59999) / 60000);
    default:
        return err;
    }
}

int
ph_codes_use(struct ph_jobs *jobs, const char *text, size_t len,
             const char *printer, char out_login[PH_TICKET_TEXT_MAX],
             int64_t *out_wait_ms, struct ph_why *why)
{
    char code[PH_CODE_TEXT] = "";
    uint32_t uid = 0;
    int err;

    if (!ph_code_is(text, len))
        return ph_why_fail(why, PH_ERR_SYNTAX, "A code has %d digits",
                           PH_CODE_DIGITS);
    if (!ph_codes_are_on(jobs))
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "This computer takes no codes: sign in in another "
                           "way");
    memcpy(code, text, PH_CODE_DIGITS);
    jobs_lock(jobs);
    err = use(jobs, code, printer, &uid, out_wait_ms);
    (void)pthread_mutex_unlock(&jobs->lock);
    ph_wipe(code, sizeof(code));
    if (err != PH_OK)
        return explain(err, *out_wait_ms, why);
    return ph_jobs_login_of(jobs, uid, out_login, why);
}
