# The functions that the tree's CMakeLists.txt files are written with. Includes are from the repository's root.

# capos_library(NAME [SOURCES file...] [DEPENDS library...])
# A library for every flavour; header-only when it has no sources. In the target flavour a second library, NAME_kernel,
# is the same sources compiled with the kernel's flags (built only when the kernel links it).
function(capos_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
    capos_check_arguments(capos_library "${name}")
    if(CAPOS_FLAVOUR STREQUAL "tools")
        return()
    endif()
    if(CAPOS_FLAVOUR STREQUAL "target")
        capos_one_library("${name}" capos_flags_user "${arg_SOURCES}" "${arg_DEPENDS}")
        set(kernel_depends "")
        foreach(dependency IN LISTS arg_DEPENDS)
            list(APPEND kernel_depends "${dependency}_kernel")
        endforeach()
        capos_one_library("${name}_kernel" capos_flags_kernel "${arg_SOURCES}" "${kernel_depends}")
        set_target_properties("${name}_kernel" PROPERTIES EXCLUDE_FROM_ALL TRUE)
    else()
        capos_one_library("${name}" capos_flags_host "${arg_SOURCES}" "${arg_DEPENDS}")
    endif()
endfunction()

# capos_program(NAME SOURCES file... [DEPENDS library...])
# A service: a static ELF64 at 0x400000, with its symbol table, in build/target/programs/NAME; debug information beside
# it in NAME.debug. The runtime is linked to each.
function(capos_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
    capos_check_arguments(capos_program "${name}")
    if(NOT CAPOS_FLAVOUR STREQUAL "target")
        return()
    endif()
    set(target "program_${name}")
    add_executable("${target}" ${arg_SOURCES})
    set(runtime "")
    if(TARGET capos_runtime OR EXISTS "${CMAKE_SOURCE_DIR}/runtime/CMakeLists.txt")
        set(runtime capos_runtime)
    endif()
    target_link_libraries("${target}" PRIVATE capos_flags_user ${arg_DEPENDS} ${runtime} capos_libc)
    target_link_options("${target}" PRIVATE
        -m elf_x86_64 -static --no-dynamic-linker --gc-sections --build-id=none --image-base=0x400000 -e _start
        "SHELL:-z separate-code" "SHELL:-z max-page-size=4096" "SHELL:-z norelro" "SHELL:-z noexecstack" --fatal-warnings)
    target_precompile_headers("${target}" REUSE_FROM capos_program_headers)
    set_target_properties("${target}" PROPERTIES
        OUTPUT_NAME "${name}" SUFFIX "" RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs")
    capos_split_debug_information("${target}")
endfunction()

# Moves debug information out of an executable, keeping its symbol table (backtraces use it).
function(capos_split_debug_information target)
    add_custom_command(TARGET "${target}" POST_BUILD
        COMMAND "${CAPOS_LLVM_OBJCOPY}" --only-keep-debug "$<TARGET_FILE:${target}>" "$<TARGET_FILE:${target}>.debug"
        COMMAND "${CAPOS_LLVM_OBJCOPY}" --strip-debug "$<TARGET_FILE:${target}>"
        VERBATIM)
endfunction()

# capos_host_test(NAME SOURCES file... [DEPENDS library...] [PRECOMPILE header...])
# A GoogleTest program in build/host/tests/NAME; GoogleTest's main is linked. PRECOMPILE names headers that most of its
# sources include. One whose sources include <thread> is also built for ThreadSanitizer, in build/tsan/tests/NAME.
function(capos_host_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;PRECOMPILE")
    capos_check_arguments(capos_host_test "${name}")
    if(CAPOS_FLAVOUR STREQUAL "target")
        return()
    endif()
    add_executable("test_${name}" ${arg_SOURCES})
    target_link_libraries("test_${name}" PRIVATE capos_flags_host ${arg_DEPENDS} capos_googletest)
    if(arg_PRECOMPILE)
        capos_precompile("test_${name}" ${capos_test_headers} ${arg_PRECOMPILE})
    else()
        target_precompile_headers("test_${name}" REUSE_FROM capos_test_headers)
    endif()
    set_target_properties("test_${name}" PROPERTIES
        OUTPUT_NAME "${name}" RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests" CAPOS_UNOPTIMIZED TRUE)
    if(CAPOS_FLAVOUR STREQUAL "tsan")
        set(threads "")
        foreach(source IN LISTS arg_SOURCES)
            if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
                file(STRINGS "${source}" includes REGEX "^#include <thread>" LIMIT_COUNT 1)
                list(APPEND threads ${includes})
            endif()
        endforeach()
        if(NOT threads)
            set_target_properties("test_${name}" PROPERTIES EXCLUDE_FROM_ALL TRUE)
        endif()
    endif()
endfunction()

# capos_fuzz_target(NAME SOURCES file... [DEPENDS library...] COVERS file...)
# A libFuzzer program in build/host/fuzzers/NAME, made by the target `fuzzers`. Its corpus is tests/fuzz/corpus/NAME/; COVERS
# names the files (from the repository's root) whose line coverage it must reach: build/host/fuzzers/NAME.covers for tools/fuzz.
function(capos_fuzz_target name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;COVERS")
    capos_check_arguments(capos_fuzz_target "${name}")
    if(NOT CAPOS_FLAVOUR STREQUAL "host")
        return()
    endif()
    foreach(file IN LISTS arg_COVERS)
        if(NOT EXISTS "${CMAKE_SOURCE_DIR}/${file}")
            message(FATAL_ERROR "capos_fuzz_target(${name}): COVERS names ${file}, which does not exist")
        endif()
    endforeach()
    add_executable("fuzz_${name}" EXCLUDE_FROM_ALL ${arg_SOURCES})
    if(NOT TARGET fuzzers)
        add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers "fuzz_${name}")
    target_link_libraries("fuzz_${name}" PRIVATE capos_flags_host ${arg_DEPENDS})
    # libFuzzer's library is itself built on libstdc++; by file name, or clang takes it for its own -stdlib.
    target_link_libraries("fuzz_${name}" PRIVATE -l:libstdc++.so.6)
    target_link_options("fuzz_${name}" PRIVATE -fsanitize=fuzzer)
    set_target_properties("fuzz_${name}" PROPERTIES
        OUTPUT_NAME "${name}" RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzzers")
    string(REPLACE ";" "\n" covers "${arg_COVERS}")
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/fuzzers")
    file(WRITE "${CMAKE_BINARY_DIR}/fuzzers/${name}.covers" "${covers}\n")
endfunction()

# capos_precompile(TARGET header...)
# What most of a target's sources include, parsed once: <system> headers, those of schema/, others from the root.
function(capos_precompile target)
    set(headers "")
    foreach(header IN LISTS ARGN)
        if(header MATCHES "^schema/")
            set(header "\"${header}\"")
        elseif(NOT header MATCHES "^<")
            set(header "\"${CMAKE_SOURCE_DIR}/${header}\"")
        endif()
        list(APPEND headers "$<$<COMPILE_LANGUAGE:CXX>:${header}>")
    endforeach()
    target_precompile_headers("${target}" PRIVATE ${headers})
endfunction()

# --- what the functions above share ---

macro(capos_check_arguments function name)
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${function}(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
    endif()
endmacro()

function(capos_one_library name flags sources depends)
    if(sources)
        add_library("${name}" STATIC ${sources})
        # Where only some programs exist, only what they link is compiled.
        if(CAPOS_FLAVOUR STREQUAL "tsan")
            set_target_properties("${name}" PROPERTIES EXCLUDE_FROM_ALL TRUE)
        endif()
        target_link_libraries("${name}" PUBLIC ${flags} ${depends})
    else()
        add_library("${name}" INTERFACE)
        target_link_libraries("${name}" INTERFACE ${flags} ${depends})
    endif()
endfunction()
