# cmake --install puts the programs and their service files in place.
