foreach(module aead kdf keywrap sealed_file sealed_repair sealed_tamper
        sealed_verifier)
    ph_unit_test(${module} LINK ph_crypto)
endforeach()
ph_unit_test(stream LINK ph_crypto PkgConfig::jansson)
