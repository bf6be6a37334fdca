# Runs the Cap'n Proto compiler with our plugin over every schema file at once, into a fresh directory, and copies what
# changed to OUTPUT_DIR, so that an unchanged header causes no rebuild.
#   cmake -DCAPNP= -DPLUGIN= -DSOURCE_DIR= -DOUTPUT_DIR= -DSCHEMAS=schema/a.capnp,schema/b.capnp -P generate_schema.cmake
string(REPLACE "," ";" schemas "${SCHEMAS}")
set(fresh "${OUTPUT_DIR}.fresh")
file(REMOVE_RECURSE "${fresh}")
file(MAKE_DIRECTORY "${fresh}")
execute_process(
    # Its library complains about a PWD that is not the directory it was started in.
    COMMAND "${CMAKE_COMMAND}" -E env --unset=PWD "${CAPNP}" compile "-I${SOURCE_DIR}" -o "${PLUGIN}:${fresh}" ${schemas}
    WORKING_DIRECTORY "${SOURCE_DIR}" RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "the schema compiler failed (status ${status})")
endif()
foreach(schema IN LISTS schemas)
    string(REGEX REPLACE "\\.capnp$" "" stem "${schema}")
    if(NOT EXISTS "${fresh}/${stem}.capnp.hpp")
        message(FATAL_ERROR "${PLUGIN} made no ${stem}.capnp.hpp")
    endif()
    if(NOT EXISTS "${fresh}/${stem}.client.hpp")
        file(WRITE "${fresh}/${stem}.client.hpp" "// ${schema} declares no interface.\n#pragma once\n")
    endif()
endforeach()
file(GLOB_RECURSE produced RELATIVE "${fresh}" "${fresh}/*")
foreach(file IN LISTS produced)
    get_filename_component(directory "${OUTPUT_DIR}/${file}" DIRECTORY)
    file(MAKE_DIRECTORY "${directory}")
    file(COPY_FILE "${fresh}/${file}" "${OUTPUT_DIR}/${file}" ONLY_IF_DIFFERENT)
endforeach()
file(REMOVE_RECURSE "${fresh}")
