terrace_test(emulated_infrastructure_contract_test
  SOURCES contract/emulated_infrastructure_contract_test.cc
  DEPS terrace_emulated terrace_sim_executor GTest::gtest_main
  LABELS contract)
