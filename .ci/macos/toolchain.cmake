# Cross-compiling for macOS, for .ci/check-macos only. make-root makes
# PH_MACOS_ROOT with bin/ (compiler of one architecture), include/ and lib/ (declarations and
# stubs of the third-party libraries). What comes out is checked, never shipped.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_VERSION 20) # macOS 11
set(CMAKE_SYSTEM_PROCESSOR ${PH_MACOS_ARCH})
set(CMAKE_C_COMPILER ${PH_MACOS_ROOT}/bin/cc)
set(CMAKE_AR ${PH_MACOS_ROOT}/bin/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${PH_MACOS_ROOT}/bin/ranlib CACHE FILEPATH "")
set(CMAKE_INSTALL_NAME_TOOL true CACHE FILEPATH "")
# No SDK: the compiler brings the system's headers and libSystem.
set(CMAKE_OSX_SYSROOT "" CACHE STRING "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "")

set(CMAKE_FIND_ROOT_PATH ${PH_MACOS_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PH_MACOS_ROOT PH_MACOS_ARCH)
