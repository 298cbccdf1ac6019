/* A request for a certificate: what is taken is a key of P-256. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/crypto/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t hash[PH_SHA256_BYTES];
    struct ph_why why = {""};
    struct ph_csr csr;

    memset(&csr, 0, sizeof(csr));
    if (ph_csr_parse((const char *)data, size, &csr, &why) != PH_OK) {
        if (why.text[0] == '\0' || csr.spki[0] != 0)
            abort();
        return 0;
    }
    if (size > PH_CSR_MAX || csr.spki[0] != 0x30 || csr.spki[26] != 0x04 ||
        ph_sha256(csr.spki, sizeof(csr.spki), hash) != PH_OK ||
        memcmp(hash, csr.key_hash, sizeof(hash)) != 0)
        abort();
    return 0;
}
