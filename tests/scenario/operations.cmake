terrace_test(operations_test
  SOURCES scenario/operations_test.cc
  DEPS terrace_sandbox GTest::gtest_main)
target_compile_definitions(operations_test PRIVATE TERRACE_EXAMPLES="${CMAKE_SOURCE_DIR}/examples")
