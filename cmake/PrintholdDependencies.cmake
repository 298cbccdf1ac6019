# The libraries of the field, found by pkg-config and named as targets.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(libcrypto REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(libssl REQUIRED IMPORTED_TARGET libssl>=3.0)
pkg_check_modules(libuv REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(libwebsockets REQUIRED IMPORTED_TARGET libwebsockets>=4.1.6)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson>=2.14)
pkg_check_modules(libqpdf REQUIRED IMPORTED_TARGET libqpdf>=11)
find_package(Cups 2.3 REQUIRED) # Cups::Cups
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    pkg_check_modules(libseccomp REQUIRED IMPORTED_TARGET libseccomp)
    pkg_check_modules(libsystemd REQUIRED IMPORTED_TARGET libsystemd)
endif()
if(PH_TESTS)
    pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka>=1.1.5)
endif()
