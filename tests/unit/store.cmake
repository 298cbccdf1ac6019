ph_unit_test(spool LINK ph_store)
ph_unit_test(catalogue LINK ph_store)
target_include_directories(test_catalogue PRIVATE
    ${PROJECT_SOURCE_DIR}/core/store)
ph_unit_test(catalogue_outbox LINK ph_store)
ph_unit_test(audit LINK ph_store)
ph_unit_test(audit_trim LINK ph_store)
