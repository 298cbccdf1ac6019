ph_fuzz(station LINK printhold_station_parts)
ph_fuzz(hub_answer LINK printhold_station_parts)
