# Finds a clang of version 19 or later and what belongs to it. Included by the toolchain files.
# Sets CAPOS_CLANG, CAPOS_CLANGXX, CAPOS_LLD, CAPOS_LLVM_AR, CAPOS_LLVM_RANLIB, CAPOS_LLVM_OBJCOPY, CAPOS_LLVM_NM and
# CAPOS_LIBCXX_INCLUDE (libc++'s headers).
set(capos_clang_versions 19 20 21 22)

function(capos_find_tool variable)
    set(candidates "")
    foreach(name IN LISTS ARGN)
        foreach(version IN LISTS capos_clang_versions)
            list(APPEND candidates "${name}-${version}")
        endforeach()
    endforeach()
    list(APPEND candidates ${ARGN})
    find_program(${variable} NAMES ${candidates} NAMES_PER_DIR)
    if(NOT ${variable})
        message(FATAL_ERROR "${ARGV1} (version 19 or later) is missing; tools/setup names the package that has it")
    endif()
endfunction()

capos_find_tool(CAPOS_CLANGXX clang++)
capos_find_tool(CAPOS_CLANG clang)
capos_find_tool(CAPOS_LLD ld.lld)
capos_find_tool(CAPOS_LLVM_AR llvm-ar)
capos_find_tool(CAPOS_LLVM_RANLIB llvm-ranlib)
capos_find_tool(CAPOS_LLVM_OBJCOPY llvm-objcopy)
capos_find_tool(CAPOS_LLVM_NM llvm-nm)

if(NOT CAPOS_LIBCXX_INCLUDE)
    get_filename_component(capos_clang_real "${CAPOS_CLANGXX}" REALPATH)
    get_filename_component(capos_clang_root "${capos_clang_real}/../.." ABSOLUTE)
    find_path(CAPOS_LIBCXX_INCLUDE __config PATHS "${capos_clang_root}/include/c++/v1" /usr/include/c++/v1
              /usr/local/include/c++/v1 NO_DEFAULT_PATH)
    if(NOT CAPOS_LIBCXX_INCLUDE)
        message(FATAL_ERROR "libc++'s headers are missing (package libc++-19-dev)")
    endif()
endif()
