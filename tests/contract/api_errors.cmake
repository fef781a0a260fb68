terrace_test(api_errors_test
  SOURCES contract/api_errors_test.cc
  DEPS terrace_northbound_grpc GTest::gtest_main
  LABELS contract)
