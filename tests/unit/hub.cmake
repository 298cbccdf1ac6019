ph_unit_test(hub_enrol LINK printhold_hub_parts)
ph_unit_test(hub_init LINK printhold_hub_parts)
ph_unit_test(hub_renew LINK printhold_hub_parts)
