/*
 * Which login of the organisation a local account stands for. Pure.
 *
 * This version has one rule: account name, lower-cased, at the configured
 * domain ("alice" and "example.com" give "alice@example.com"); a name that
 * already has a domain keeps it, and without a configured domain the bare name
 * is the login.
 */
#ifndef PRINTHOLD_AGENT_OWNER_H
#define PRINTHOLD_AGENT_OWNER_H

#include <stddef.h>

/* PH_ERR_INVALID for an empty name or one with blanks or control bytes,
 * PH_ERR_TOO_BIG when it does not fit. */
int ph_owner_login(const char *account, const char *domain, char *dst,
                   size_t cap);

#endif
