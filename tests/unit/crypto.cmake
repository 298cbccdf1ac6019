foreach(module aead base64url epoch_keys identity jws jws_keyset kdf keywrap
        machine_key sealed_file sealed_repair sealed_tamper sealed_verifier)
    ph_unit_test(${module} LINK ph_crypto)
endforeach()
ph_unit_test(stream LINK ph_crypto PkgConfig::jansson)
ph_unit_test(spool_vectors LINK ph_crypto PkgConfig::jansson)
target_include_directories(test_spool_vectors PRIVATE
    ${PROJECT_SOURCE_DIR}/core/crypto)
