ph_fuzz(http LINK ph_proto)
