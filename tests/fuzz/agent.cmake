ph_fuzz(cups_ipp LINK printhold_agent_host)
ph_fuzz(netlink LINK printhold_agent_host)
ph_fuzz(dbus LINK printhold_agent_host)
