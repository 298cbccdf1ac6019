/* What https.c (the connection) and https_do.c (a request) share. */
#ifndef PRINTHOLD_NET_HTTPS_PRIVATE_H
#define PRINTHOLD_NET_HTTPS_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/net/address.h"

struct ph_https {
    CURL *curl;
    char authority[PH_ADDRESS_MAX];
    char product[64];
    char tenant[PH_TENANT_MAX];           /* empty: not known yet */
    char workstation_id[PH_IDENTITY_MAX]; /* empty: any of the tenant */
    char pin[PH_SPKI_PIN_TEXT];           /* in place of ca_file */
    char *ca_file;
    char *cert_file;
    char *key_file;
    char proxy[PH_ADDRESS_MAX + 16]; /* "http://host:port"; empty: none */
    struct ph_buf proxy_user, proxy_password;
    uint64_t timeout_s;
    bool is_hub;
    const atomic_bool *stop;
    char error[CURL_ERROR_SIZE];
    struct ph_why identity_why; /* why the server's identity was refused */
};

/* Set what never differs between requests. False when this libcurl lacks one
 * of the settings: all are needed for a safe connection. */
bool ph_https_set_transport(struct ph_https *https);

#endif
