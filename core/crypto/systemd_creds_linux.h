/* Runs systemd-creds(1) with the secret on its pipes, never in its arguments
 * or environment. */
#ifndef CRYPTO_SYSTEMD_CREDS_LINUX_H
#define CRYPTO_SYSTEMD_CREDS_LINUX_H

#include <stddef.h>

#include "printhold/base/buf.h"

#define PH_SYSTEMD_CREDS "/usr/bin/systemd-creds"

/*
 * "systemd-creds verb options... - -" as the real user, with in (at most 32
 * KiB) as its input. Its output is appended to out, which bounds it; what it
 * has to say goes to our standard error. PH_ERR_NOT_FOUND when there is no
 * such program, PH_ERR_DENIED when it refuses.
 */
int ph_systemd_creds(const char *verb, const char *const options[2],
                     const void *in, size_t in_len, struct ph_buf *out);

#endif
