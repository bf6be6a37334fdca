# capos_test_schema(NAME file...): an INTERFACE library of what the plugin generates from schema files of tests, which are
# named from the repository's root.
include_guard(GLOBAL)
function(capos_test_schema name)
    set(directory "${CMAKE_BINARY_DIR}/generated-for-tests/${name}")
    set(headers "")
    foreach(file IN LISTS ARGN)
        string(REGEX REPLACE "\\.capnp$" "" stem "${file}")
        list(APPEND headers "${directory}/${stem}.capnp.hpp" "${directory}/${stem}.client.hpp")
    endforeach()
    list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/" OUTPUT_VARIABLE inputs)
    add_custom_command(
        OUTPUT ${headers}
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${directory}"
        COMMAND "${CMAKE_COMMAND}" -E chdir "${CMAKE_SOURCE_DIR}" "${CMAKE_COMMAND}" -E env "PWD=${CMAKE_SOURCE_DIR}"
                "${CAPOS_CAPNP}" compile -I. "-o${CAPOS_CAPNPC_PLUGIN}:${directory}" ${ARGN}
        DEPENDS ${inputs} "${CAPOS_CAPNPC_PLUGIN}"
        COMMENT "Generating C++ for ${name}" VERBATIM)
    add_custom_target(${name}_generate DEPENDS ${headers})
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE "${directory}")
    target_link_libraries(${name} INTERFACE capos_wire)
    add_dependencies(${name} ${name}_generate)
endfunction()
