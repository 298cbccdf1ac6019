ph_fuzz(cups_ipp LINK printhold_agent_host)
