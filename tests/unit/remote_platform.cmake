terrace_test(remote_platform_test
  SOURCES unit/remote_platform_test.cc
  DEPS terrace_southbound_remote terrace_northbound terrace_sim_executor GTest::gtest_main
  LABELS unit)
