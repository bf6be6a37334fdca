# Finds a clang of version 19 or later and the tools that belong to it: beside it, or by its version. Tools of another
# version cannot read what it writes. tools/support/llvm.py has the same rule. Included by the toolchain files.
# Sets CAPOS_CLANG, CAPOS_CLANGXX, CAPOS_LLD, CAPOS_LLVM_AR, CAPOS_LLVM_RANLIB, CAPOS_LLVM_OBJCOPY, CAPOS_LLVM_NM and
# CAPOS_LIBCXX_INCLUDE (libc++'s headers).
set(capos_oldest_clang 19)

function(capos_llvm_version result path)
    execute_process(COMMAND "${path}" --version OUTPUT_VARIABLE text ERROR_QUIET)
    if(text MATCHES "(version |LLD )([0-9]+)")
        set(${result} "${CMAKE_MATCH_2}" PARENT_SCOPE)
    else()
        set(${result} 0 PARENT_SCOPE)
    endif()
endfunction()

find_program(CAPOS_CLANGXX NAMES clang++-19 clang++-20 clang++-21 clang++-22 clang++ NAMES_PER_DIR)
if(NOT CAPOS_CLANGXX)
    message(FATAL_ERROR "clang++ (version ${capos_oldest_clang} or later) is missing; tools/setup names the package that has it")
endif()
capos_llvm_version(capos_clang_version "${CAPOS_CLANGXX}")
if(capos_clang_version LESS capos_oldest_clang)
    message(FATAL_ERROR "${CAPOS_CLANGXX} is of version ${capos_clang_version}; ${capos_oldest_clang} or later is needed "
                        "(package clang-${capos_oldest_clang})")
endif()
get_filename_component(capos_clang_real "${CAPOS_CLANGXX}" REALPATH)
get_filename_component(capos_clang_directory "${capos_clang_real}" DIRECTORY)

function(capos_find_tool variable name)
    find_program(${variable} NAMES "${name}" PATHS "${capos_clang_directory}" NO_DEFAULT_PATH)
    find_program(${variable} NAMES "${name}-${capos_clang_version}" "${name}")
    if(NOT ${variable})
        message(FATAL_ERROR "${name} (version ${capos_clang_version}) is missing; tools/setup names the package that has it")
    endif()
    capos_llvm_version(version "${${variable}}")
    if(NOT version EQUAL capos_clang_version)
        message(FATAL_ERROR "${${variable}} is of version ${version}, the compiler of ${capos_clang_version}: "
                            "tools/setup installs the one that belongs to it")
    endif()
endfunction()

capos_find_tool(CAPOS_CLANG clang)
capos_find_tool(CAPOS_LLD ld.lld)
capos_find_tool(CAPOS_LLVM_AR llvm-ar)
capos_find_tool(CAPOS_LLVM_RANLIB llvm-ranlib)
capos_find_tool(CAPOS_LLVM_OBJCOPY llvm-objcopy)
capos_find_tool(CAPOS_LLVM_NM llvm-nm)

if(NOT CAPOS_LIBCXX_INCLUDE)
    find_path(CAPOS_LIBCXX_INCLUDE __config PATHS "${capos_clang_directory}/../include/c++/v1" /usr/include/c++/v1
              /usr/local/include/c++/v1 NO_DEFAULT_PATH)
    if(NOT CAPOS_LIBCXX_INCLUDE)
        message(FATAL_ERROR "libc++'s headers are missing (package libc++-${capos_clang_version}-dev)")
    endif()
endif()
