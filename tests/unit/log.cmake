terrace_test(log_test
  SOURCES unit/log_test.cc
  DEPS terrace_base GTest::gtest_main
  LABELS unit)
