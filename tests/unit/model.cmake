ph_unit_test(title LINK ph_model)
