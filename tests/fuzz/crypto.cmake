ph_fuzz(jws LINK ph_crypto)
ph_fuzz(csr LINK ph_crypto)
ph_fuzz(keys_on_disk LINK ph_crypto)
target_include_directories(fuzz_keys_on_disk PRIVATE
    ${PROJECT_SOURCE_DIR}/core/crypto)
ph_fuzz(sealed_file LINK ph_crypto)
target_include_directories(fuzz_sealed_file PRIVATE
    ${PROJECT_SOURCE_DIR}/core/crypto)
