terrace_test(emulated_infrastructure_test
  SOURCES unit/emulated_infrastructure_test.cc
  DEPS terrace_emulated terrace_leaf terrace_recursion terrace_store terrace_sim_executor
       GTest::gtest_main
  LABELS unit)
