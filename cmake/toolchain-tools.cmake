# Host programs of the build. The packaged Cap'n Proto headers do not compile as C++20 under clang 19, so these are
# built by g++, or else by whatever c++ is, as C++17.
find_program(CAPOS_TOOLS_CXX NAMES g++ c++ clang++-19 clang++ NAMES_PER_DIR)
find_program(CAPOS_TOOLS_CC NAMES gcc cc clang-19 clang NAMES_PER_DIR)
if(NOT CAPOS_TOOLS_CXX)
    message(FATAL_ERROR "a host C++ compiler is missing (package g++)")
endif()
set(CMAKE_CXX_COMPILER "${CAPOS_TOOLS_CXX}")
set(CMAKE_C_COMPILER "${CAPOS_TOOLS_CC}")
