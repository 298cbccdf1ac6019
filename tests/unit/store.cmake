ph_unit_test(spool LINK ph_store)
