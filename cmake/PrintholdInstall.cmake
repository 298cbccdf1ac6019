# cmake --install puts the programs, service files and documents in place, as
# installer/manifest lists them. Places are below the prefix, so that
# "cmake --install build --prefix DIR" needs no root, and DESTDIR is honoured.
# What stands inside the service files is fixed when configuring.

if(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
    set(ph_platform darwin)
    set(ph_backend_default libexec/cups/backend)
else()
    set(ph_platform linux)
    set(ph_backend_default lib/cups/backend)
endif()

# Packagers move these with -D; relative ones are below the prefix.
set(PH_INSTALL_CUPS_BACKEND_DIR ${ph_backend_default} CACHE STRING
    "Where cupsd looks for backends")
set(PH_INSTALL_SYSTEMD_DIR lib/systemd/system CACHE STRING "systemd units")
set(PH_INSTALL_SYSUSERS_DIR lib/sysusers.d CACHE STRING "sysusers.d")
set(PH_INSTALL_TMPFILES_DIR lib/tmpfiles.d CACHE STRING "tmpfiles.d")
set(PH_INSTALL_PRESET_DIR lib/systemd/system-preset CACHE STRING
    "systemd presets")
set(PH_INSTALL_SYSTEMD_USER_DIR lib/systemd/user CACHE STRING
    "systemd units of people's own service managers")
set(PH_INSTALL_USER_PRESET_DIR lib/systemd/user-preset CACHE STRING
    "presets of those")
set(PH_INSTALL_FIREWALLD_DIR lib/firewalld/services CACHE STRING
    "services that firewalld knows")
set(PH_INSTALL_POLKIT_DIR share/polkit-1/rules.d CACHE STRING "polkit rules")
set(PH_INSTALL_BASH_DIR share/bash-completion/completions CACHE STRING
    "completions of bash")
set(PH_INSTALL_ZSH_DIR share/zsh/site-functions CACHE STRING
    "completions of zsh; Debian's is share/zsh/vendor-completions")
set(PH_INSTALL_FISH_DIR share/fish/vendor_completions.d CACHE STRING
    "completions of fish")
set(PH_INSTALL_LAUNCHD_DIR Library/LaunchDaemons CACHE STRING "launchd jobs")
set(PH_INSTALL_LAUNCH_AGENT_DIR Library/LaunchAgents CACHE STRING
    "launchd jobs of people's sessions")
set(PH_CUPS_ADMIN_GROUP lpadmin CACHE STRING
    "Group of the system that cupsd lets administer it (SystemGroup)")

# The names that the table uses.
set(CUPS_BACKEND_DIR ${PH_INSTALL_CUPS_BACKEND_DIR})
set(SYSTEMD_DIR ${PH_INSTALL_SYSTEMD_DIR})
set(SYSUSERS_DIR ${PH_INSTALL_SYSUSERS_DIR})
set(TMPFILES_DIR ${PH_INSTALL_TMPFILES_DIR})
set(BASH_DIR ${PH_INSTALL_BASH_DIR})
set(ZSH_DIR ${PH_INSTALL_ZSH_DIR})
set(FISH_DIR ${PH_INSTALL_FISH_DIR})
file(READ ${PROJECT_SOURCE_DIR}/completions/words.awk COMPLETION_WORDS)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/completions/words.awk)
set(PRESET_DIR ${PH_INSTALL_PRESET_DIR})
set(SYSTEMD_USER_DIR ${PH_INSTALL_SYSTEMD_USER_DIR})
set(USER_PRESET_DIR ${PH_INSTALL_USER_PRESET_DIR})
set(APPLICATIONS_DIR ${CMAKE_INSTALL_DATAROOTDIR}/applications)
# Desktops look in /etc/xdg, or below the prefix that they are told of.
if(CMAKE_INSTALL_FULL_SYSCONFDIR MATCHES "^/etc$")
    set(AUTOSTART_DIR /etc/xdg/autostart)
else()
    set(AUTOSTART_DIR ${CMAKE_INSTALL_SYSCONFDIR}/xdg/autostart)
endif()
set(FIREWALLD_DIR ${PH_INSTALL_FIREWALLD_DIR})
set(CUPS_ADMIN_GROUP ${PH_CUPS_ADMIN_GROUP})
set(POLKIT_DIR ${PH_INSTALL_POLKIT_DIR})
set(LAUNCHD_DIR ${PH_INSTALL_LAUNCHD_DIR})
set(LAUNCH_AGENT_DIR ${PH_INSTALL_LAUNCH_AGENT_DIR})
set(BIN_DIR ${CMAKE_INSTALL_BINDIR})
set(SBIN_DIR ${CMAKE_INSTALL_SBINDIR})
set(LIBEXEC_DIR ${CMAKE_INSTALL_LIBEXECDIR}/printhold)
set(DATA_DIR ${CMAKE_INSTALL_DATAROOTDIR}/printhold)
set(MAN_DIR ${CMAKE_INSTALL_MANDIR})
set(DOC_DIR ${CMAKE_INSTALL_DOCDIR})

# 0755 -> OWNER_READ ... in the words of install().
function(ph_permissions mode out)
    set(names)
    foreach(who_digit "OWNER;1" "GROUP;2" "WORLD;3")
        list(GET who_digit 0 who)
        list(GET who_digit 1 at)
        string(SUBSTRING ${mode} ${at} 1 digit)
        foreach(bit_name "4;READ" "2;WRITE" "1;EXECUTE")
            list(GET bit_name 0 bit)
            list(GET bit_name 1 name)
            math(EXPR set "${digit} & ${bit}")
            if(set)
                list(APPEND names ${who}_${name})
            endif()
        endforeach()
    endforeach()
    set(${out} ${names} PARENT_SCOPE)
endfunction()

# One line of the table.
function(ph_install_line kind source mode package where)
    get_filename_component(directory ${where} DIRECTORY)
    get_filename_component(name ${where} NAME)
    ph_permissions(${mode} permissions)
    if(kind STREQUAL "target")
        if(NOT TARGET ${source})
            message(STATUS "installer/manifest: no program ${source}")
            return()
        endif()
        install(PROGRAMS $<TARGET_FILE:${source}> DESTINATION ${directory}
            RENAME ${name} PERMISSIONS ${permissions} COMPONENT ${package})
        return()
    endif()
    set(path ${PROJECT_SOURCE_DIR}/${source})
    if(NOT EXISTS ${path})
        message(STATUS "installer/manifest: no file ${source}")
        return()
    endif()
    if(kind STREQUAL "fill")
        set(filled ${PROJECT_BINARY_DIR}/install/${name})
        configure_file(${path} ${filled} @ONLY)
        set(path ${filled})
    endif()
    install(FILES ${path} DESTINATION ${directory} RENAME ${name}
        PERMISSIONS ${permissions} COMPONENT ${package})
endfunction()

# What "printhold doctor" looks for: the files of a workstation that it cannot
# work without, and its directories. What stands in /etc is the site's to remove.
set(ph_installed_files)
function(ph_installed_row mode package where)
    if(NOT package STREQUAL "printhold" OR
            where MATCHES "^(${DOC_DIR}|${MAN_DIR}|${BASH_DIR}|${ZSH_DIR}|${FISH_DIR}|${AUTOSTART_DIR})/")
        return()
    endif()
    cmake_path(ABSOLUTE_PATH where BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX})
    string(APPEND ph_installed_files
        "    X(\"${where}\", ${mode}, NULL, NULL) \\\n")
    set(ph_installed_files ${ph_installed_files} PARENT_SCOPE)
    if(where MATCHES "[.]cil$")
        set(ph_installed_cil ${where} PARENT_SCOPE)
    endif()
endfunction()

set(ph_manifest ${PROJECT_SOURCE_DIR}/installer/manifest)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ph_manifest})
file(STRINGS ${ph_manifest} ph_lines REGEX "^(target|file|fill):")
set(ph_expected)
foreach(line IN LISTS ph_lines)
    string(REGEX REPLACE "[ \t]+" ";" fields "${line}")
    list(LENGTH fields count)
    if(NOT count EQUAL 6)
        message(FATAL_ERROR "installer/manifest: not what, mode, owner, on, "
            "package and where: ${line}")
    endif()
    list(GET fields 0 what)
    list(GET fields 1 mode)
    list(GET fields 3 platform)
    list(GET fields 4 package)
    list(GET fields 5 where)
    if(platform STREQUAL "any" OR platform STREQUAL ph_platform)
        string(REGEX MATCH "^([a-z]+):(.+)$" matched ${what})
        string(CONFIGURE ${where} where @ONLY)
        string(APPEND ph_expected "${mode} ${where}\n")
        list(APPEND ph_packages ${package})
        ph_installed_row(${mode} ${package} ${where})
        cmake_path(ABSOLUTE_PATH where
            BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE absolute)
        string(APPEND ph_files_of_${package} "${mode} ${absolute}\n")
        ph_install_line(${CMAKE_MATCH_1} ${CMAKE_MATCH_2} ${mode} ${package}
            ${where})
    endif()
endforeach()
# What tests/packaging compares an installation with, and what the packages
# are made of, with absolute paths.
file(WRITE ${PROJECT_BINARY_DIR}/install/expected "${ph_expected}")
list(REMOVE_DUPLICATES ph_packages)
foreach(package IN LISTS ph_packages)
    file(WRITE ${PROJECT_BINARY_DIR}/install/files.${package}
        "${ph_files_of_${package}}")
endforeach()

file(STRINGS ${ph_manifest} ph_lines REGEX "^dir ")
set(ph_installed_directories)
foreach(line IN LISTS ph_lines)
    string(REGEX REPLACE "[ \t:]+" ";" fields "${line}")
    list(POP_FRONT fields kind mode user group platform package where)
    if(platform STREQUAL ph_platform AND package STREQUAL "printhold")
        string(APPEND ph_installed_directories
            "    X(\"${where}\", ${mode}, \"${user}\", \"${group}\") \\\n")
    endif()
endforeach()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/install/installed.h @ONLY CONTENT
"/* Made from installer/manifest. */
#define PH_INSTALLED_CIL \"@ph_installed_cil@\"
#define PH_INSTALLED_FILES(X) \\
@ph_installed_files@
#define PH_INSTALLED_DIRECTORIES(X) \\
@ph_installed_directories@
")
