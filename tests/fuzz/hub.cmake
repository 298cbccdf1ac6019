ph_fuzz(hub_topic LINK printhold_hub_parts)
