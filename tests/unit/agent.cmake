ph_unit_test(owner LINK printhold_agent_jobs)
ph_unit_test(jobs LINK printhold_agent_jobs)
