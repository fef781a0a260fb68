terrace_test(platform_contract_test
  SOURCES contract/platform_contract_test.cc contract/platform_contract.cc
          contract/platform_contract_fixture.cc
  DEPS terrace_sandbox terrace_northbound_grpc terrace_rpc GTest::gtest_main
  LABELS contract)

# The same suite over real infrastructure.
terrace_test(platform_contract_netns_test
  SOURCES contract/platform_contract_netns_test.cc contract/platform_contract.cc
          contract/platform_contract_fixture.cc
  DEPS terrace_stack terrace_netns terrace_emulated terrace_sim_executor
  LABELS contract kernel)
# No rights, or a kernel without namespaces: it says so.
set_tests_properties(platform_contract_netns_test PROPERTIES SKIP_RETURN_CODE 77)
