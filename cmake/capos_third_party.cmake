# Libraries that others wrote, unpacked by tools/third-party into build/third_party/NAME.
#   LWIP_SOURCE_DIR, HTTP_PARSER_SOURCE_DIR   where their sources are
#   capos_http_parser                         HTTP/1.1 parser, C
set(LWIP_SOURCE_DIR "${CMAKE_SOURCE_DIR}/build/third_party/lwip")
set(HTTP_PARSER_SOURCE_DIR "${CMAKE_SOURCE_DIR}/build/third_party/http-parser")

if(EXISTS "${HTTP_PARSER_SOURCE_DIR}/http_parser.c")
    capos_library(capos_http_parser SOURCES "${HTTP_PARSER_SOURCE_DIR}/http_parser.c")
    set(capos_http_parser_variants capos_http_parser)
    if(TARGET capos_http_parser_kernel)
        list(APPEND capos_http_parser_variants capos_http_parser_kernel)
    endif()
    foreach(library IN LISTS capos_http_parser_variants)
        target_include_directories("${library}" SYSTEM PUBLIC "${HTTP_PARSER_SOURCE_DIR}")
        target_compile_options("${library}" PRIVATE -w)
        # Its strict mode refuses what RFC 9112 calls malformed; the header limit is the server's own.
        target_compile_definitions("${library}" PUBLIC HTTP_PARSER_STRICT=1)
    endforeach()
else()
    message(WARNING "http-parser is not unpacked: run tools/third-party fetch")
endif()
