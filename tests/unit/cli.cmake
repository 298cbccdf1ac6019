ph_unit_test(command LINK printhold_parts)
ph_unit_test(print LINK printhold_parts)
ph_unit_test(doctor LINK printhold_parts)
target_include_directories(test_doctor PRIVATE ${PROJECT_BINARY_DIR}/install)
