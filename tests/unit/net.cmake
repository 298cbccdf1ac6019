ph_unit_test(ws_url LINK ph_net)
ph_unit_test(resolver LINK ph_net)
ph_unit_test(mqtt_flights LINK ph_net)
ph_unit_test(tls_known LINK ph_net)
foreach(name mqtt_flights tls_known)
    target_include_directories(test_${name} PRIVATE
        ${PROJECT_SOURCE_DIR}/core/net)
endforeach()
