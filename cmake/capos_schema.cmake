# capos_schema: C++ generated from schema/*.capnp by the standard compiler with our plugin (built by the tools flavour).
# Gives "schema/NAME.capnp.hpp", "schema/NAME.client.hpp" and "schema/names.hpp".
set(CAPOS_CAPNPC_PLUGIN "${CMAKE_SOURCE_DIR}/build/tools/bin/capnpc-capos")
set(CAPOS_GENERATED_DIR "${CMAKE_BINARY_DIR}/generated")
find_program(CAPOS_CAPNP capnp)
if(NOT CAPOS_CAPNP)
    message(FATAL_ERROR "capnp is missing (package capnproto)")
endif()

add_library(capos_schema INTERFACE)
target_include_directories(capos_schema INTERFACE "${CAPOS_GENERATED_DIR}")
target_link_libraries(capos_schema INTERFACE capos_wire)
if(CAPOS_FLAVOUR STREQUAL "target")
    add_library(capos_schema_kernel INTERFACE)
    target_include_directories(capos_schema_kernel INTERFACE "${CAPOS_GENERATED_DIR}")
    target_link_libraries(capos_schema_kernel INTERFACE capos_wire_kernel)
endif()

if(NOT EXISTS "${CMAKE_SOURCE_DIR}/tools/capnpc/CMakeLists.txt")
    message(WARNING "tools/capnpc is not there: nothing is generated from schema/")
    return()
endif()

file(GLOB capos_schema_files RELATIVE "${CMAKE_SOURCE_DIR}" CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/schema/*.capnp")
set(capos_generated_headers "${CAPOS_GENERATED_DIR}/schema/names.hpp")
foreach(file IN LISTS capos_schema_files)
    string(REGEX REPLACE "\\.capnp$" "" stem "${file}")
    list(APPEND capos_generated_headers
        "${CAPOS_GENERATED_DIR}/${stem}.capnp.hpp" "${CAPOS_GENERATED_DIR}/${stem}.client.hpp")
endforeach()
set(capos_schema_inputs "${capos_schema_files}")
list(TRANSFORM capos_schema_inputs PREPEND "${CMAKE_SOURCE_DIR}/")
string(REPLACE ";" "," capos_schema_argument "${capos_schema_files}")
add_custom_command(
    OUTPUT ${capos_generated_headers}
    COMMAND "${CMAKE_COMMAND}" "-DCAPNP=${CAPOS_CAPNP}" "-DPLUGIN=${CAPOS_CAPNPC_PLUGIN}"
            "-DSOURCE_DIR=${CMAKE_SOURCE_DIR}" "-DOUTPUT_DIR=${CAPOS_GENERATED_DIR}"
            "-DSCHEMAS=${capos_schema_argument}" -P "${CMAKE_SOURCE_DIR}/cmake/generate_schema.cmake"
    DEPENDS ${capos_schema_inputs} "${CAPOS_CAPNPC_PLUGIN}" "${CMAKE_SOURCE_DIR}/cmake/generate_schema.cmake"
    COMMENT "Generating C++ from schema/" VERBATIM)
add_custom_target(capos_schema_generate DEPENDS ${capos_generated_headers})
add_dependencies(capos_schema capos_schema_generate)
if(TARGET capos_schema_kernel)
    add_dependencies(capos_schema_kernel capos_schema_generate)
endif()
