# Needs a kernel that lets us make namespaces; says so and skips where it does not.
terrace_test(netns_infrastructure_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/netns_infrastructure_test.cc
  DEPS terrace_netns
  LABELS kernel)
set_tests_properties(netns_infrastructure_test PROPERTIES SKIP_RETURN_CODE 77)
