/*
 * ph-bench-fleet-keys CA_DIR OUT_DIR TENANT FIRST COUNT
 *
 * Certificates for a simulated fleet, thousands a second: OUT_DIR/ws-NNNNNN.pem
 * has certificate and key (P-256) of urn:printhold:TENANT:ws:ws-NNNNNN, signed
 * by CA_DIR/ca.key. For measuring only; tests/support/pki makes the others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 1024
#define LIFE_S    (7 * 86400L)

static void
die(const char *what)
{
    (void)fprintf(stderr, "ph-bench-fleet-keys: %s\n", what);
    exit(1);
}

static void
add_extension(X509 *cert, X509 *ca, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, ca, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL || X509_add_ext(cert, extension, -1) != 1)
        die("an extension");
    X509_EXTENSION_free(extension);
}

static void
name_subject(X509 *cert, const char *tenant, const char *id)
{
    X509_NAME *name = X509_get_subject_name(cert);

    if (X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                                   (const unsigned char *)tenant, -1, -1,
                                   0) != 1 ||
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   (const unsigned char *)id, -1, -1, 0) != 1)
        die("a name");
}

static void
set_serial(X509 *cert)
{
    uint64_t serial;

    if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1 ||
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) != 1)
        die("a serial number");
}

static X509 *
make_cert(X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *key, const char *tenant,
          const char *id)
{
    X509 *cert = X509_new();
    char san[PATH_SIZE];

    if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
        X509_set_pubkey(cert, key) != 1 ||
        X509_set_issuer_name(cert, X509_get_subject_name(ca)) != 1)
        die("a certificate");
    set_serial(cert);
    name_subject(cert, tenant, id);
    (void)X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    (void)X509_gmtime_adj(X509_getm_notAfter(cert), LIFE_S);
    (void)snprintf(san, sizeof(san), "URI:urn:printhold:%s:ws:%s", tenant, id);
    add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(cert, ca, NID_key_usage, "critical,digitalSignature");
    add_extension(cert, ca, NID_ext_key_usage, "clientAuth,serverAuth");
    add_extension(cert, ca, NID_subject_alt_name, san);
    if (X509_sign(cert, ca_key, EVP_sha256()) == 0)
        die("cannot sign");
    return cert;
}

static FILE *
open_file(const char *dir, const char *name, int flags, const char *mode)
{
    char path[PATH_SIZE];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        die(path);
    return fdopen(fd, mode);
}

static void
write_one(X509 *ca, EVP_PKEY *ca_key, const char *dir, const char *tenant,
          unsigned number)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char id[32], name[40];
    X509 *cert;
    FILE *file;

    if (key == NULL)
        die("a key");
    (void)snprintf(id, sizeof(id), "ws-%06u", number);
    (void)snprintf(name, sizeof(name), "%s.pem", id);
    cert = make_cert(ca, ca_key, key, tenant, id);
    file = open_file(dir, name, O_WRONLY | O_CREAT | O_TRUNC, "w");
    if (file == NULL || PEM_write_X509(file, cert) != 1 ||
        PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        fclose(file) != 0)
        die("cannot write");
    X509_free(cert);
    EVP_PKEY_free(key);
}

int
main(int argc, char **argv)
{
    X509 *ca = NULL;
    EVP_PKEY *ca_key = NULL;
    unsigned long first, count;
    FILE *file;

    if (argc != 6)
        die("usage: ph-bench-fleet-keys CA_DIR OUT_DIR TENANT FIRST COUNT");
    file = open_file(argv[1], "ca.crt", O_RDONLY, "r");
    ca = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file);
    file = open_file(argv[1], "ca.key", O_RDONLY, "r");
    ca_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    (void)fclose(file);
    if (ca == NULL || ca_key == NULL)
        die("cannot read the authority");
    first = strtoul(argv[4], NULL, 10);
    count = strtoul(argv[5], NULL, 10);
    for (unsigned long i = 0; i < count; i++)
        write_one(ca, ca_key, argv[2], argv[3], (unsigned)(first + i));
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    return 0;
}
