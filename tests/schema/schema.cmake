# The present schema as one descriptor set, and the checks on it.
set(present ${CMAKE_CURRENT_BINARY_DIR}/schema.binpb)
file(GLOB_RECURSE protos CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/proto
  ${CMAKE_SOURCE_DIR}/proto/terrace/*.proto)
list(TRANSFORM protos PREPEND ${CMAKE_SOURCE_DIR}/proto/ OUTPUT_VARIABLE proto_files)
add_custom_command(
  OUTPUT ${present}
  COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/proto --descriptor_set_out=${present} ${protos}
  DEPENDS ${proto_files}
  VERBATIM)
add_custom_target(terrace_schema_set DEPENDS ${present})

terrace_test(schema_test
  SOURCES schema/schema_test.cc schema/broken_schema_test.cc schema/compatibility.cc
          schema/lint.cc schema/index.cc
  DEPS protobuf::libprotobuf GTest::gtest_main
  LABELS unit)
add_dependencies(schema_test terrace_schema_set)
target_compile_definitions(schema_test PRIVATE
  TERRACE_PRESENT="${present}"
  TERRACE_RELEASED="${CMAKE_SOURCE_DIR}/proto/released/v1.binpb"
  TERRACE_EXCEPTIONS="${CMAKE_SOURCE_DIR}/tests/schema/exceptions.txt")
