ph_unit_test(title LINK ph_model)
ph_unit_test(config LINK ph_model)
ph_unit_test(job LINK ph_model)
ph_unit_test(ticket LINK ph_model)
