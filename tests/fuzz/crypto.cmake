ph_fuzz(jws LINK ph_crypto)
ph_fuzz(sealed_file LINK ph_crypto)
target_include_directories(fuzz_sealed_file PRIVATE
    ${PROJECT_SOURCE_DIR}/core/crypto)
