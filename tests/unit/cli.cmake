ph_unit_test(command LINK printhold_parts)
ph_unit_test(print LINK printhold_parts)
