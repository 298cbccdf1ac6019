/* What https.c (the connection) and https_do.c (a request) share. */
#ifndef PRINTHOLD_STATION_HTTPS_PRIVATE_H
#define PRINTHOLD_STATION_HTTPS_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "address.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"

struct ph_https {
    CURL *curl;
    char authority[PH_ADDRESS_MAX];
    char tenant[PH_TENANT_MAX];
    char workstation_id[PH_IDENTITY_MAX]; /* empty: any of the tenant */
    char *ca_file;
    char *cert_file;
    char *key_file;
    uint64_t timeout_s;
    bool is_hub;
    char error[CURL_ERROR_SIZE];
    struct ph_why identity_why; /* why the server's identity was refused */
};

/* Set what never differs between requests. False when this libcurl lacks one
 * of the settings: all are needed for a safe connection. */
bool ph_https_set_transport(struct ph_https *https);

#endif
