# Freestanding x86-64: no operating system underneath, our own C headers, libc++'s headers only.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

include("${CMAKE_CURRENT_LIST_DIR}/find_clang.cmake")
foreach(language C CXX ASM)
    set(CMAKE_${language}_COMPILER_TARGET x86_64-unknown-none-elf)
    set(CMAKE_${language}_FLAGS_INIT "")
endforeach()
set(CMAKE_C_COMPILER "${CAPOS_CLANG}")
set(CMAKE_CXX_COMPILER "${CAPOS_CLANGXX}")
set(CMAKE_ASM_COMPILER "${CAPOS_CLANG}")
set(CMAKE_AR "${CAPOS_LLVM_AR}" CACHE FILEPATH "archiver")
set(CMAKE_RANLIB "${CAPOS_LLVM_RANLIB}" CACHE FILEPATH "archive indexer")
set(CMAKE_LINKER "${CAPOS_LLD}" CACHE FILEPATH "linker")

# The linker is called directly: what target_link_options gives are options of ld.lld.
set(CMAKE_CXX_LINK_EXECUTABLE "<CMAKE_LINKER> <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
set(CMAKE_C_LINK_EXECUTABLE "${CMAKE_CXX_LINK_EXECUTABLE}")
