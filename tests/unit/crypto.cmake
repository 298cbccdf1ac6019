foreach(module aead kdf keywrap)
    ph_unit_test(${module} LINK ph_crypto)
endforeach()
ph_unit_test(stream LINK ph_crypto PkgConfig::jansson)
