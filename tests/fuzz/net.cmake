ph_fuzz(https_call LINK ph_https_apart)
target_include_directories(fuzz_https_call PRIVATE
    ${PROJECT_SOURCE_DIR}/core/net)
