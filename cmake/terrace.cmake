# What every target shares, and the one way to declare a room.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(TERRACE_SANITIZE "Build our own code with AddressSanitizer and UBSan" OFF)

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++)

# A precompiled header pays in rooms that handle the schema's messages: a quarter of the time at -O2,
# nothing under sanitizers.
set(TERRACE_PCH ON)
if(TERRACE_SANITIZE)
  set(TERRACE_PCH OFF)
endif()

find_program(CCACHE ccache)
if(CCACHE AND TERRACE_PCH)
  # ccache's manual, "Precompiled headers".
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
elseif(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Our own code: strict, and sanitized when asked. Generated code gets neither (UBSan makes protobuf
# code compile ten times slower).
add_library(terrace_flags INTERFACE)
target_compile_options(terrace_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
# g++ 12 at -O2 sees overlapping copies in std::string's operator+ where there are none (GCC 105651).
target_compile_options(terrace_flags INTERFACE $<$<CONFIG:Release>:-Wno-restrict>)
target_include_directories(terrace_flags INTERFACE ${CMAKE_SOURCE_DIR})
if(TERRACE_SANITIZE)
  target_compile_options(terrace_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# terrace_room(NAME [PCH] [DEPS target...] [DIR dir...] [FILES pattern...])
# A static library terrace_NAME of every .cc file in this folder (or in the folders named, or only
# those that match a pattern), that may include what its DEPS may be linked with: this list is what
# makes the table of rooms hold. PCH: with the precompiled header (base/pch).
function(terrace_room name)
  cmake_parse_arguments(ROOM "PCH" "" "DEPS;DIR;FILES" ${ARGN})
  if(NOT ROOM_DIR)
    set(ROOM_DIR .)
  endif()
  if(NOT ROOM_FILES)
    set(ROOM_FILES *.cc)
  endif()
  set(patterns)
  foreach(dir ${ROOM_DIR})
    foreach(file ${ROOM_FILES})
      list(APPEND patterns ${dir}/${file})
    endforeach()
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  if(NOT sources)
    message(STATUS "Room ${name}: nothing in it yet")
    return()
  endif()
  add_library(terrace_${name} STATIC ${sources})
  target_link_libraries(terrace_${name} PUBLIC ${ROOM_DEPS} PRIVATE terrace_flags)
  target_include_directories(terrace_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  if(ROOM_PCH AND TERRACE_PCH)
    target_compile_options(terrace_${name} PRIVATE -fpch-preprocess)
    target_precompile_headers(terrace_${name} REUSE_FROM terrace_pch)
  endif()
endfunction()

# terrace_test(NAME SOURCES file... DEPS target... [LABELS label...])
# A GoogleTest executable, registered with CTest as one test. Labels "kernel" and "system" are for
# tests that need root.
function(terrace_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_DEPS} GTest::gmock GTest::gtest terrace_flags)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  # These change the kernel's state, which is one for all: one at a time.
  if("kernel" IN_LIST TEST_LABELS OR "system" IN_LIST TEST_LABELS)
    set_tests_properties(${name} PROPERTIES RESOURCE_LOCK kernel)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT 1500
    ENVIRONMENT "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0")
endfunction()
