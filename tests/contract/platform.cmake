terrace_test(platform_contract_test
  SOURCES contract/platform_contract_test.cc contract/platform_contract.cc
  DEPS terrace_sandbox terrace_northbound_grpc terrace_rpc GTest::gtest_main
  LABELS contract)
