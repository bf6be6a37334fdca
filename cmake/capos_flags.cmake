# Compiler and linker flags of each flavour, as INTERFACE libraries:
#   capos_flags_common   warnings and reproducibility, everywhere
#   capos_flags_user     target programs and libraries        capos_flags_kernel   the kernel and what it links
#   capos_flags_host     host and tsan flavours
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE None CACHE STRING "flags come from cmake/capos_flags.cmake" FORCE)
endif()
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_CXX_STANDARD_REQUIRED ON)

# No path of the building machine reaches a binary, so the same sources give the same bytes anywhere.
set(capos_reproducible_flags
    "-ffile-prefix-map=${CMAKE_BINARY_DIR}=build" "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")

add_library(capos_flags_common INTERFACE)
target_include_directories(capos_flags_common INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(capos_flags_common INTERFACE -Wall -Wextra -Werror ${capos_reproducible_flags})

if(CAPOS_FLAVOUR STREQUAL "tools")
    set(CMAKE_CXX_STANDARD 17)
    set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
    target_compile_options(capos_flags_common INTERFACE -O1 -g)
    return()
endif()

set(CMAKE_CXX_STANDARD 23)

if(CAPOS_FLAVOUR STREQUAL "target")
    # What stands in another file is part of its caller, not a call: a fifth of the instructions of most operations.
    set(capos_whole_program "$<$<COMPILE_LANGUAGE:C,CXX>:-flto=full>")
    set(CMAKE_CXX_LINKER_WRAPPER_FLAG "")
    set(CMAKE_C_LINKER_WRAPPER_FLAG "")
    set(capos_freestanding_flags
        -O2 -g -ffreestanding -fno-pic -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer
        -fno-asynchronous-unwind-tables -ftrivial-auto-var-init=zero -ffunction-sections -fdata-sections
        -nostdlibinc
        # libc++'s own configuration and assertion handler come before its headers, our C headers after them.
        "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-nostdinc++ -isystem ${CMAKE_SOURCE_DIR}/lib/libc/libcxx -isystem ${CAPOS_LIBCXX_INCLUDE}>"
        "SHELL:-isystem ${CMAKE_SOURCE_DIR}/lib/libc/include"
        "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-c++-static-destructors>")

    add_library(capos_flags_user INTERFACE)
    target_link_libraries(capos_flags_user INTERFACE capos_flags_common)
    target_compile_options(capos_flags_user INTERFACE ${capos_freestanding_flags} "${capos_whole_program}")

    add_library(capos_flags_kernel INTERFACE)
    target_link_libraries(capos_flags_kernel INTERFACE capos_flags_common)
    target_compile_options(capos_flags_kernel INTERFACE ${capos_freestanding_flags}
        -mno-sse -mno-mmx -mno-avx -mcmodel=kernel -mno-red-zone "${capos_whole_program}")
    target_compile_definitions(capos_flags_kernel INTERFACE CAPOS_KERNEL=1)
else()
    add_library(capos_flags_host INTERFACE)
    target_link_libraries(capos_flags_host INTERFACE capos_flags_common)
    # Tests are compiled more often than they run (CAPOS_UNOPTIMIZED); what they test is optimized, and instrumented for
    # libFuzzer and line coverage, so that unit tests and fuzz targets share it.
    target_compile_options(capos_flags_host INTERFACE
        "$<IF:$<BOOL:$<TARGET_PROPERTY:CAPOS_UNOPTIMIZED>>,-O0,-O1>" -gline-tables-only -fno-omit-frame-pointer "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-fno-exceptions -fno-rtti>"
        -D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_EXTENSIVE)
    target_compile_definitions(capos_flags_host INTERFACE CAPOS_HOST=1)
    if(CAPOS_FLAVOUR STREQUAL "tsan")
        set(capos_sanitizers -fsanitize=thread)
    else()
        set(capos_sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
        # Counts are written only where LLVM_PROFILE_FILE says so.
        set(capos_coverage -fsanitize=fuzzer-no-link -fprofile-instr-generate=/dev/null -fcoverage-mapping)
        target_compile_options(capos_flags_host INTERFACE
            "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:CAPOS_UNOPTIMIZED>>>:${capos_coverage}>")
        target_link_options(capos_flags_host INTERFACE -fprofile-instr-generate)
    endif()
    target_compile_options(capos_flags_host INTERFACE ${capos_sanitizers})
    target_link_options(capos_flags_host INTERFACE ${capos_sanitizers})
endif()
