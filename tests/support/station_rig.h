/*
 * A station and a fake workstation with their certificates, for the tests of
 * the station in tests/component.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_STATION_RIG_H
#define PRINTHOLD_TESTS_SUPPORT_STATION_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api.h"
#include "fake_workstation.h"
#include "pull.h"
#include "scratch.h"

#define STATION_DOCUMENT_BYTES 300000

/* Group set-up and tear-down. The tenant is acme, with workstations ws-1 and
 * ws-2 (valid for 127.0.0.1), printer pr-1 and several wrong ones. */
extern struct scratch station_pki;
int station_pki_make_all(void **state);
int station_pki_remove(void **state);
/* tests/support/pki words[0] station_pki words[1...]; NULL ends them. */
void station_pki_make(const char *const *words);

struct station_scene {
    struct scratch scratch;
    int dirfd;
    uint8_t document[STATION_DOCUMENT_BYTES];
    struct fake *fake;
    struct ph_https *https;
    struct ph_api *api;
    struct ph_why why;
    struct ph_pull_result result;
    char log[FAKE_LOG_MAX];
};

/* Test set-up and tear-down: *state is a struct station_scene. */
int station_scene_set_up(void **state);
int station_scene_tear_down(void **state);

/* Start the workstation with the certificate server, and the station's API
 * with the certificate client. */
void station_scene_open(struct station_scene *scene, const char *server,
                        const char *client, const char *workstation_id,
                        const struct fake_manners *manners);
int station_scene_sign_in(struct station_scene *scene);
/* Close the station, stop the workstation, copy its log. */
void station_scene_end(struct station_scene *scene);

#endif
