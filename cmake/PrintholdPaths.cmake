# Where things live on an installed system. Compiled in as defaults only; the
# configuration can move every one of them. They follow the prefix when that is
# changed later; -DPH_..._DIR=... sets one for good.
macro(ph_path name default)
    if(NOT DEFINED ${name})
        set(${name} "${default}")
    endif()
endmacro()

ph_path(PH_CONFIG_DIR "${CMAKE_INSTALL_FULL_SYSCONFDIR}/printhold")
ph_path(PH_LIBEXEC_DIR "${CMAKE_INSTALL_FULL_LIBEXECDIR}/printhold")
if(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
    ph_path(PH_RUN_DIR "/private/var/run/printhold")
    ph_path(PH_STATE_DIR "/Library/Application Support/PrintHold")
    ph_path(PH_SPOOL_DIR "/private/var/spool/printhold")
    ph_path(PH_HUB_STATE_DIR "/Library/Application Support/PrintHold Hub")
else()
    ph_path(PH_RUN_DIR "/run/printhold")
    ph_path(PH_STATE_DIR "/var/lib/printhold")
    ph_path(PH_SPOOL_DIR "/var/spool/printhold")
    ph_path(PH_HUB_STATE_DIR "/var/lib/printhold-hub")
endif()

target_compile_definitions(ph_flags INTERFACE
    PH_CONFIG_DIR="${PH_CONFIG_DIR}"
    PH_RUN_DIR="${PH_RUN_DIR}"
    PH_STATE_DIR="${PH_STATE_DIR}"
    PH_HUB_STATE_DIR="${PH_HUB_STATE_DIR}"
    PH_SPOOL_DIR="${PH_SPOOL_DIR}"
    PH_LIBEXEC_DIR="${PH_LIBEXEC_DIR}")
