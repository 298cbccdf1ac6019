ph_fuzz(config LINK ph_model)
ph_fuzz(config_managed LINK ph_model)
ph_fuzz(ticket LINK ph_model)
ph_fuzz(owner_map LINK ph_model)
