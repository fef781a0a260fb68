terrace_test(base_executors_test
  SOURCES unit/base_ids_test.cc unit/base_digest_test.cc unit/base_executor_test.cc
          unit/base_sim_executor_test.cc
  DEPS terrace_base terrace_sim_executor GTest::gtest_main
  LABELS unit)
