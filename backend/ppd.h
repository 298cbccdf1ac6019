/* The one thing that the backend takes from the queue's PPD file. */
#ifndef PH_BACKEND_PPD_H
#define PH_BACKEND_PPD_H

#include <stddef.h>

/*
 * Copy the NickName of the PPD file to dst (clean UTF-8, cut at cap). Reads at
 * most the first 64 KiB. PH_ERR_NOT_FOUND and the like leave dst untouched:
 * a job without a driver's name is a job all the same.
 */
int ph_ppd_nickname(const char *path, char *dst, size_t cap);

#endif
