ph_fuzz(station LINK printhold_station_parts)
