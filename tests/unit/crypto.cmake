foreach(module aead base64url ca csr epoch_keys identity jws jws_keyset kdf keywrap
        machine_key password sealed_file sealed_repair sealed_tamper sealed_verifier)
    ph_unit_test(${module} LINK ph_crypto)
endforeach()
ph_unit_test(stream LINK ph_crypto PkgConfig::jansson)
ph_unit_test(spool_vectors LINK ph_crypto PkgConfig::jansson)
target_include_directories(test_spool_vectors PRIVATE
    ${PROJECT_SOURCE_DIR}/core/crypto)

ph_unit_test(credential_header LINK ph_crypto)
target_include_directories(test_credential_header PRIVATE
    ${PROJECT_SOURCE_DIR}/core/crypto)

# Needs the linker to put the failing functions between.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    ph_unit_test(machine_key_levels LINK ph_crypto)
    ph_unit_test(key_rotation LINK ph_crypto)
    foreach(function
            EVP_CipherInit_ex2 EVP_CipherUpdate EVP_KDF_derive fchmod fsync
            getentropy linkat pread read renameat unlinkat write)
        target_link_options(test_key_rotation PRIVATE -Wl,--wrap=${function})
    endforeach()
    ph_unit_test(crypto_faults LINK ph_crypto)
    foreach(function
            EVP_CIPHER_CTX_ctrl EVP_CIPHER_CTX_new EVP_CIPHER_fetch
            EVP_CipherFinal_ex EVP_CipherInit_ex2 EVP_CipherUpdate EVP_Digest
            EVP_DigestFinal_ex EVP_DigestInit_ex2 EVP_DigestUpdate
            EVP_EncryptInit_ex2 EVP_KDF_CTX_new EVP_KDF_derive EVP_KDF_fetch
            EVP_MAC_CTX_new EVP_MAC_fetch EVP_MAC_final EVP_MAC_init
            EVP_MAC_update EVP_MD_CTX_new EVP_MD_fetch fdatasync fsync
            getentropy pread pwrite read renameat)
        target_link_options(test_crypto_faults PRIVATE
            -Wl,--wrap=${function})
    endforeach()
endif()
