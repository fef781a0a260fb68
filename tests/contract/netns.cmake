terrace_test(netns_infrastructure_contract_test
  SOURCES contract/netns_infrastructure_contract_test.cc
  DEPS terrace_netns
  LABELS contract kernel)
# No rights, or a kernel without namespaces: it says so.
set_tests_properties(netns_infrastructure_contract_test PROPERTIES SKIP_RETURN_CODE 77)
