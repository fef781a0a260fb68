terrace_test(cli_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/cli_format_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/cli_order_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/cli_arguments_test.cc
  DEPS terrace_cli GTest::gtest_main)
target_compile_definitions(cli_test PRIVATE
  GOLDEN_DIR="${CMAKE_SOURCE_DIR}/tests/golden/cli"
  EXAMPLES_DIR="${CMAKE_SOURCE_DIR}/examples")
