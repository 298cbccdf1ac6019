# Where things live on an installed system. Compiled in as defaults only; the
# configuration can move every one of them.
set(PH_CONFIG_DIR "${CMAKE_INSTALL_FULL_SYSCONFDIR}/printhold"
    CACHE PATH "Directory of printhold.conf and conf.d")
if(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
    set(PH_RUN_DIR "/private/var/run/printhold" CACHE PATH "Sockets")
    set(PH_STATE_DIR "/Library/Application Support/PrintHold"
        CACHE PATH "Catalogue and keys")
    set(PH_SPOOL_DIR "/private/var/spool/printhold" CACHE PATH "Held jobs")
    set(PH_CUPS_SERVERBIN "/usr/libexec/cups" CACHE PATH "CUPS ServerBin")
else()
    set(PH_RUN_DIR "/run/printhold" CACHE PATH "Sockets")
    set(PH_STATE_DIR "/var/lib/printhold" CACHE PATH "Catalogue and keys")
    set(PH_SPOOL_DIR "/var/spool/printhold" CACHE PATH "Held jobs")
    set(PH_CUPS_SERVERBIN "/usr/lib/cups" CACHE PATH "CUPS ServerBin")
endif()
set(PH_LIBEXEC_DIR "${CMAKE_INSTALL_FULL_LIBEXECDIR}/printhold"
    CACHE PATH "Helper programs")

target_compile_definitions(ph_flags INTERFACE
    PH_CONFIG_DIR="${PH_CONFIG_DIR}"
    PH_RUN_DIR="${PH_RUN_DIR}"
    PH_STATE_DIR="${PH_STATE_DIR}"
    PH_SPOOL_DIR="${PH_SPOOL_DIR}"
    PH_LIBEXEC_DIR="${PH_LIBEXEC_DIR}")
