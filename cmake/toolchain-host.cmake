# The machine that builds, with clang and libc++: the same compiler and library as the target's.
include("${CMAKE_CURRENT_LIST_DIR}/find_clang.cmake")
set(CMAKE_C_COMPILER "${CAPOS_CLANG}")
set(CMAKE_CXX_COMPILER "${CAPOS_CLANGXX}")
set(CMAKE_CXX_FLAGS_INIT "-stdlib=libc++")
set(CMAKE_AR "${CAPOS_LLVM_AR}" CACHE FILEPATH "archiver")
set(CMAKE_RANLIB "${CAPOS_LLVM_RANLIB}" CACHE FILEPATH "archive indexer")
set(CMAKE_EXE_LINKER_FLAGS_INIT "--ld-path=${CAPOS_LLD}")
