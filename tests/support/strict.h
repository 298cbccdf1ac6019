/*
 * The strict broker of tests/support/mqtt-peer as a child, and what it says.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_STRICT_H
#define PRINTHOLD_TESTS_SUPPORT_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "broker.h"

#define STRICT_TEXT_MAX (64 * 1024)

struct strict {
    pid_t pid;
    int fd;
    uint16_t port;
    char url[64];
    char text[STRICT_TEXT_MAX]; /* everything that it said so far */
    size_t len;
};

/* Start it with the certificate NAME of the broker's PKI and a script for each
 * connection, the last one NULL; wait until it listens. */
void strict_start(struct strict *strict, const struct broker *broker,
                  const char *name, const char *const *scripts);
/* The same on ::1. */
void strict_start_ipv6(struct strict *strict, const struct broker *broker,
                       const char *name, const char *const *scripts);
/* Has it said this by now? Does not wait. */
bool strict_said(struct strict *strict, const char *text);
void strict_wait(struct strict *strict, const char *text);
/* How often? */
size_t strict_count(struct strict *strict, const char *text);
void strict_end(struct strict *strict);

#endif
