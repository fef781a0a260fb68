terrace_test(config_test
  SOURCES unit/config_test.cc
  DEPS terrace_daemon GTest::gtest_main
  LABELS unit)
