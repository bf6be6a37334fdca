# Writes OUTPUT, which defines kVersion, when what git says of SOURCE_DIR has changed.
execute_process(COMMAND git -C "${SOURCE_DIR}" describe --always --dirty --tags
    OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR version STREQUAL "")
    set(version "unknown")
endif()
set(text "#include \"kernel/version.hpp\"\n\nconstinit const std::string_view capos::kernel::kVersion = \"${version}\";\n")
if(EXISTS "${OUTPUT}")
    file(READ "${OUTPUT}" before)
endif()
if(NOT "${before}" STREQUAL "${text}")
    file(WRITE "${OUTPUT}" "${text}")
endif()
