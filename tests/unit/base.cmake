foreach(module buf clock csv cursor err fdpass id io log parse peer utf8 why wipe)
    ph_unit_test(${module} LINK ph_base)
endforeach()
