# One static library per core directory, one program per program directory.

# ph_core_library(<layer> SOURCES a.c b.c [LINK targets...])
function(ph_core_library layer)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    add_library(ph_${layer} STATIC ${arg_SOURCES})
    target_include_directories(ph_${layer} PUBLIC ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(ph_${layer} PUBLIC ${arg_LINK} PRIVATE ph_flags)
endfunction()

# ph_program(<name> MAIN main.c [FOLDERS ...] [SOURCES ...] [LINK targets...])
# Headers are found in its own folder and in those below it that are named. The
# sources without main.c become the library <name>_parts (dashes to
# underscores), so that tests can link them.
function(ph_program name)
    cmake_parse_arguments(arg "" "MAIN" "FOLDERS;SOURCES;LINK" ${ARGN})
    string(REPLACE "-" "_" parts ${name}_parts)
    add_library(${parts} STATIC ${arg_SOURCES})
    list(TRANSFORM arg_FOLDERS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    target_include_directories(${parts} PUBLIC
        ${CMAKE_CURRENT_SOURCE_DIR} ${arg_FOLDERS})
    target_link_libraries(${parts} PUBLIC ${arg_LINK} PRIVATE ph_flags)
    add_executable(${name} ${arg_MAIN})
    target_link_libraries(${name} PRIVATE ${parts} ph_flags)
endfunction()

# ph_test(<name> SOURCE file.c [LINK targets...] [LABEL label])
function(ph_test name)
    cmake_parse_arguments(arg "" "SOURCE;LABEL" "LINK" ${ARGN})
    add_executable(test_${name} ${arg_SOURCE})
    target_include_directories(test_${name} PRIVATE
        ${PROJECT_SOURCE_DIR}/tests/support)
    target_compile_definitions(test_${name} PRIVATE
        PH_VECTOR_DIR="${PROJECT_SOURCE_DIR}/tests/vectors")
    target_link_libraries(test_${name} PRIVATE
        ${arg_LINK} PkgConfig::cmocka ph_flags)
    add_test(NAME ${arg_LABEL}/${name} COMMAND test_${name})
    set_tests_properties(${arg_LABEL}/${name} PROPERTIES
        LABELS ${arg_LABEL} TIMEOUT 120)
endfunction()

# ph_unit_test(<module> [LINK targets...]): tests/unit/test_<module>.c
function(ph_unit_test module)
    ph_test(${module} SOURCE test_${module}.c LABEL unit ${ARGN})
endfunction()

# ph_fuzz(<parser> LINK targets...): tests/fuzz/fuzz_<parser>.c and
# tests/fuzz/corpus/<parser>/. With PH_FUZZ it is a libFuzzer program run for a
# short while; without, the same target replays the corpus once.
function(ph_fuzz parser)
    cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
    set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${parser})
    add_executable(fuzz_${parser} fuzz_${parser}.c)
    target_link_libraries(fuzz_${parser} PRIVATE ${arg_LINK} ph_flags)
    if(PH_FUZZ)
        target_link_options(fuzz_${parser} PRIVATE -fsanitize=fuzzer)
        add_test(NAME fuzz/${parser} COMMAND fuzz_${parser}
            -max_total_time=${PH_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=1024
            -print_final_stats=1 -artifact_prefix=${CMAKE_BINARY_DIR}/
            ${CMAKE_CURRENT_BINARY_DIR}/new-${parser} ${corpus})
        file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/new-${parser})
    else()
        target_sources(fuzz_${parser} PRIVATE replay.c)
        add_test(NAME fuzz/${parser} COMMAND fuzz_${parser} ${corpus})
    endif()
    set_tests_properties(fuzz/${parser} PROPERTIES LABELS fuzz TIMEOUT 1200)
endfunction()
set(PH_FUZZ_SECONDS 10 CACHE STRING "Seconds that each fuzz target runs")
