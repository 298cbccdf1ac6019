ph_fuzz(http LINK ph_proto)
ph_fuzz(mqtt LINK ph_proto)
ph_fuzz(grant LINK ph_proto ph_crypto)
