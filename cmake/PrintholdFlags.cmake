# ph_flags carries warnings, hardening and sanitizers. Every target of ours
# links it privately; nothing global is set.
include(CheckCCompilerFlag)

add_library(ph_flags INTERFACE)
target_compile_features(ph_flags INTERFACE c_std_11)
target_compile_definitions(ph_flags INTERFACE
    $<$<PLATFORM_ID:Linux>:_GNU_SOURCE>
    $<$<PLATFORM_ID:Darwin>:_DARWIN_C_SOURCE>
    PRINTHOLD_VERSION="${PROJECT_VERSION}")
target_compile_options(ph_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
    -Wcast-qual -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough
    -Werror=incompatible-pointer-types -Werror=int-conversion
    -fvisibility=hidden -fno-common
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
if(PH_WERROR)
    target_compile_options(ph_flags INTERFACE -Werror)
endif()

target_compile_options(ph_flags INTERFACE -fstack-protector-strong)
# With -Werror: some compilers take a flag that does nothing, and warn about it
# at each file.
set(CMAKE_REQUIRED_FLAGS -Werror)
check_c_compiler_flag(-fcf-protection PH_HAVE_CET)
if(PH_HAVE_CET)
    target_compile_options(ph_flags INTERFACE -fcf-protection)
endif()
check_c_compiler_flag(-fstack-clash-protection PH_HAVE_STACK_CLASH)
unset(CMAKE_REQUIRED_FLAGS)
if(PH_HAVE_STACK_CLASH)
    target_compile_options(ph_flags INTERFACE -fstack-clash-protection)
endif()
# FORTIFY needs an optimised build and does not go with sanitizers.
if(NOT PH_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(ph_flags INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(ph_flags INTERFACE
        -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
elseif(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
    # A program loads only what it uses, as with --as-needed.
    target_link_options(ph_flags INTERFACE -Wl,-dead_strip_dylibs)
endif()

if(PH_SANITIZE)
    target_compile_options(ph_flags INTERFACE
        -fsanitize=${PH_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    target_link_options(ph_flags INTERFACE -fsanitize=${PH_SANITIZE})
    target_compile_definitions(ph_flags INTERFACE PH_SANITIZED=1)
endif()
if(PH_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "PH_FUZZ needs clang (libFuzzer)")
    endif()
    target_compile_options(ph_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(PH_COVERAGE)
    target_compile_options(ph_flags INTERFACE --coverage)
    target_link_options(ph_flags INTERFACE --coverage)
endif()
