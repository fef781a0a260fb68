terrace_test(simulation_test
  SOURCES property/simulation_test.cc property/simulation_audit.cc
  DEPS terrace_sandbox GTest::gtest_main
  LABELS property)
