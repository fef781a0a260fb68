terrace_test(rpc_test
  SOURCES
    unit/grpc_channel_test.cc
    unit/local_channel_test.cc
    unit/status_test.cc
  DEPS terrace_northbound_grpc terrace_sim_executor GTest::gtest_main
  LABELS unit)
