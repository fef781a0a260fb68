terrace_test(leaf_test
  SOURCES unit/leaf_test.cc
  DEPS terrace_leaf terrace_emulated terrace_recursion terrace_store terrace_sim_executor
       GTest::gtest_main
  LABELS unit)
