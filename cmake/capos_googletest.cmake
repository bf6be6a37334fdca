# capos_googletest: GoogleTest with its main, built here with our flags from the packaged sources.
find_path(CAPOS_GOOGLETEST_SOURCE src/gtest-all.cc PATHS /usr/src/googletest/googletest NO_DEFAULT_PATH)
if(NOT CAPOS_GOOGLETEST_SOURCE)
    message(FATAL_ERROR "GoogleTest's sources are missing (package googletest)")
endif()
add_library(capos_googletest STATIC
    "${CAPOS_GOOGLETEST_SOURCE}/src/gtest-all.cc" "${CAPOS_GOOGLETEST_SOURCE}/src/gtest_main.cc")
target_include_directories(capos_googletest SYSTEM PUBLIC "${CAPOS_GOOGLETEST_SOURCE}/include")
target_include_directories(capos_googletest PRIVATE "${CAPOS_GOOGLETEST_SOURCE}")
target_link_libraries(capos_googletest PUBLIC capos_flags_host)
target_compile_options(capos_googletest PRIVATE -w)
set_target_properties(capos_googletest PROPERTIES CAPOS_UNOPTIMIZED TRUE)

# What every test includes, parsed once: most of a test file's compile time was GoogleTest and the standard library.
file(WRITE "${CMAKE_BINARY_DIR}/test_headers.cpp" "")
add_library(capos_test_headers STATIC "${CMAKE_BINARY_DIR}/test_headers.cpp")
target_link_libraries(capos_test_headers PRIVATE capos_flags_host capos_googletest)
set(capos_test_headers
    <gtest/gtest.h> <algorithm> <array> <cstdint> <cstdlib> <cstring> <functional> <map> <memory> <optional> <random> <set>
    <span> <string> <string_view> <vector>)
capos_precompile(capos_test_headers ${capos_test_headers})
set_target_properties(capos_test_headers PROPERTIES CAPOS_UNOPTIMIZED TRUE)
