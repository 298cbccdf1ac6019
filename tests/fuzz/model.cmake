ph_fuzz(config LINK ph_model)
