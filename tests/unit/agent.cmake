ph_unit_test(owner LINK printhold_agent_jobs)
