/*
 *   no token --> the end
 *   TRYING --done--> the token is deleted --> the end
 *      |  '--refused--> the token is put aside --> the end, as a failure
 *      '--anything else--> WAITING --> TRYING
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include "client.h"
#include "command.h"
#include "enrol_auto.h"
#include "enrol_take.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"
#include "printhold/model/config.h"
#include "printhold/model/config_managed.h"
#include "printhold/proto/enrolment.h"

#define LOCAL_MS     10000
#define FIRST_MS     5000
#define MOST_MS      (5 * 60 * 1000)
#define DOUBLING_MAX 6

enum ending { DONE, NO_TOKEN, REFUSED, NOT_YET };

struct attempt {
    struct ph_control_request request; /* with the token, wiped at its end */
    struct ph_control_enrolled enrolled;
    bool is_local; /* what is missing, is missing on this computer */
    struct ph_why why;
};

int64_t
ph_enrol_pause_ms(bool is_local, unsigned failures, uint32_t chance)
{
    int64_t pause_ms = LOCAL_MS;

    if (!is_local) {
        pause_ms = FIRST_MS
                   << (failures < DOUBLING_MAX ? failures : DOUBLING_MAX);
        if (pause_ms > MOST_MS)
            pause_ms = MOST_MS;
    }
    return pause_ms / 2 + (int64_t)(chance % (uint32_t)(pause_ms / 2 + 1));
}

bool
ph_enrol_is_done(const struct ph_control_status *status, int64_t now_ms)
{
    if (strcmp(status->identity, "enrolled") != 0)
        return strcmp(status->identity, "files") == 0;
    /* One that has ended, or that the hub does not renew, has a use for it. */
    return status->identity_until_ms > now_ms &&
           status->identity_text[0] == '\0';
}

static int
on_status(const void *body, size_t len, void *arg)
{
    return ph_control_status_parse(body, len, arg);
}

static int
on_enrolled(const void *body, size_t len, void *arg)
{
    return ph_control_enrolled_parse(body, len, arg);
}

static int
ask(const struct ph_control_request *request, ph_client_item_cb on_item,
    void *arg, struct ph_why *why)
{
    struct ph_client client;
    int err = ph_client_open(&client, why);

    if (err != PH_OK)
        return err;
    err = ph_client_ask(&client, request, on_item, arg, why);
    ph_client_close(&client);
    return err;
}

/* --- the token --- */

static int
find_token(struct ph_control_enrol *enrol, struct ph_why *why)
{
    char source[PH_CONFIG_PATH_MAX];
    int err;

    (void)snprintf(source, sizeof(source), "%s/" PH_CONFIG_TOKEN,
                   ph_config_dir());
    err = ph_enrol_take_token(enrol, source, why);
    if (err == PH_ERR_NOT_FOUND) {
        (void)snprintf(source, sizeof(source), PH_MANAGED_TOKEN);
        err = ph_managed_token(enrol->token, sizeof(enrol->token));
    }
    /* Perhaps somebody is still writing it. */
    if (err == PH_ERR_INVALID ||
        (err == PH_OK && !ph_enrolment_is_token(enrol->token)))
        err = ph_why_fail(why, PH_ERR_INVALID, "%s has no token", source);
    return err;
}

/* It is not needed any more, nor is one that was put aside before. */
static void
drop_tokens(void)
{
    struct ph_why why;
    int fd = -1, err = ph_io_open_dir(ph_config_dir(), false, 0, &fd, &why);

    if (err == PH_OK)
        err = ph_io_unlink_durable(fd, PH_CONFIG_TOKEN);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND) {
        ph_why_set(&why, "cannot delete %s/" PH_CONFIG_TOKEN ": %s; delete it",
                   ph_config_dir(), ph_err_text(err));
        ph_command_complain(&why);
    }
    if (fd >= 0)
        (void)ph_io_unlink_durable(fd, PH_CONFIG_TOKEN_REFUSED);
    ph_io_close(&fd);
}

static void
put_token_aside(void)
{
    struct ph_why why;
    int fd = -1, err = ph_io_open_dir(ph_config_dir(), false, 0, &fd, &why);

    if (err == PH_OK)
        (void)ph_io_rename_durable(fd, PH_CONFIG_TOKEN, fd,
                                   PH_CONFIG_TOKEN_REFUSED);
    ph_io_close(&fd);
}

/* --- one try --- */

static int
take_settings(struct ph_control_enrol *enrol, struct ph_why *why)
{
    struct ph_config config;
    int err = ph_config_load(NULL, &config, why);

    if (err != PH_OK)
        return err;
    if (config.enrol_server[0] == '\0' ||
        (config.enrol_pin[0] == '\0') == (config.enrol_ca_file[0] == '\0'))
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "there is a token, but the hub is not known: set "
                           "enrolment.server, and enrolment.pin or "
                           "enrolment.ca_file");
    return ph_enrol_take_hub(enrol, config.enrol_server, config.enrol_pin,
                             config.enrol_ca_file, why);
}

static enum ending
try_it(struct attempt *attempt)
{
    const struct ph_control_request question = {.op = PH_CONTROL_STATUS};
    struct ph_control_status status;
    struct ph_why *why = &attempt->why;
    int err = find_token(&attempt->request.enrol, why);

    attempt->is_local = true;
    if (err == PH_ERR_NOT_FOUND)
        return NO_TOKEN;
    if (err == PH_OK)
        err = ask(&question, on_status, &status, why);
    if (err == PH_OK && ph_enrol_is_done(&status, ph_clock_wall_ms())) {
        ph_why_set(why, "this computer is enrolled already: the token is not "
                        "needed");
        return DONE;
    }
    if (err == PH_OK)
        err = take_settings(&attempt->request.enrol, why);
    if (err != PH_OK)
        return NOT_YET;
    attempt->is_local = false;
    err = ask(&attempt->request, on_enrolled, &attempt->enrolled, why);
    if (err == PH_OK) {
        ph_why_set(why, "enrolled as %s of %s at %s", attempt->enrolled.id,
                   attempt->enrolled.tenant, attempt->enrolled.hub);
        return DONE;
    }
    return err == PH_ERR_EXISTS ? REFUSED : NOT_YET;
}

/* A reason is said once, until there is another one. */
static void
say_not_yet(const struct ph_why *why, struct ph_why *said)
{
    if (strcmp(why->text, said->text) == 0)
        return;
    *said = *why;
    (void)fprintf(stderr, "printhold: not enrolled yet: %s; trying again\n",
                  why->text);
}

static void
wait_ms(int64_t ms)
{
    while (poll(NULL, 0, (int)ms) != 0 && errno == EINTR)
        ;
}

static int
finish(enum ending ending, const struct attempt *attempt)
{
    if (ending == DONE) {
        drop_tokens();
        (void)fprintf(stderr, "printhold: %s\n", attempt->why.text);
    } else if (ending == REFUSED) {
        put_token_aside();
        (void)fprintf(stderr,
                      "printhold: this computer is not enrolled: %s; put a "
                      "new token into %s/" PH_CONFIG_TOKEN "\n",
                      attempt->why.text, ph_config_dir());
    }
    return ending == REFUSED ? PH_EXIT_FAILURE : PH_EXIT_OK;
}

int
ph_enrol_auto(void)
{
    struct ph_why said = {""};
    enum ending ending = NOT_YET;
    int code = PH_EXIT_FAILURE;

    for (unsigned failures = 0; ending == NOT_YET; failures++) {
        struct attempt attempt = {.request = {.op = PH_CONTROL_ENROL}};
        uint32_t chance = 0;

        ending = try_it(&attempt);
        ph_wipe(&attempt.request, sizeof(attempt.request));
        if (ending != NOT_YET) {
            code = finish(ending, &attempt);
            break;
        }
        failures = attempt.is_local ? 0 : failures;
        say_not_yet(&attempt.why, &said);
        (void)ph_random(&chance, sizeof(chance));
        wait_ms(ph_enrol_pause_ms(attempt.is_local, failures, chance));
    }
    return code;
}
