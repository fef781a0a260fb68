terrace_test(addressing_unit_test
  SOURCES unit/addressing_envelope_test.cc unit/addressing_decorators_test.cc
  DEPS terrace_recursion terrace_sim_executor GTest::gtest_main
  LABELS unit)
