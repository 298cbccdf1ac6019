/* A system made up, for unit tests of the checks of cli/doctor. */
#ifndef PRINTHOLD_TESTS_SUPPORT_DOCTOR_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_DOCTOR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include <cmocka.h>

#include "doctor.h"

#define NOW_MS INT64_C(1790000000000)
#define DAY_MS INT64_C(86400000)
#define MODEL  "PrintHold secure queue, " PRINTHOLD_VERSION

/* Everything that is installed, in a directory of its own, and nothing wrong. */
struct world {
    char root[64];
    struct ph_doctor doctor;
};

int world_setup(void **state);
int world_teardown(void **state);

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* The folders above a path; it is whole again afterwards. */
void world_make_parents(char *path);
/* A file of this text, or a directory, and the folders above it. */
void world_put(const struct world *world, const char *where, const char *text,
               mode_t mode);
void world_put_directory(const struct world *world, const char *where,
                         mode_t mode);
void world_change_mode(const struct world *world, const char *where,
                       mode_t mode);

/* The check of that name says this level, with this in its text, and a remedy
 * when something is wrong. */
const struct ph_doctor_check *world_find(const char *name);
void world_expect(const struct world *world, const char *name,
                  enum ph_doctor_level level, const char *part);

#endif
