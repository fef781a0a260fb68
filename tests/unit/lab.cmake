terrace_test(lab_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/lab_test.cc
  DEPS terrace_lab terrace_daemon GTest::gtest_main)
target_compile_definitions(lab_test PRIVATE EXAMPLES_DIR="${CMAKE_SOURCE_DIR}/examples")
