ph_unit_test(ws_url LINK ph_net)
ph_unit_test(resolver LINK ph_net)
ph_unit_test(mqtt_flights LINK ph_net)
target_include_directories(test_mqtt_flights PRIVATE
    ${PROJECT_SOURCE_DIR}/core/net)
