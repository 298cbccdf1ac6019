ph_unit_test(spool LINK ph_store)
ph_unit_test(catalogue LINK ph_store)
