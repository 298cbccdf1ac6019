ph_unit_test(http LINK ph_proto)
ph_unit_test(http_route LINK ph_proto)
ph_unit_test(mqtt LINK ph_proto)
