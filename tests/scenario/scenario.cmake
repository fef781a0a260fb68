add_library(terrace_sandbox STATIC
  ${CMAKE_CURRENT_SOURCE_DIR}/support/sandbox.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/support/sim_channel.cc)
target_link_libraries(terrace_sandbox
  PUBLIC terrace_sim_executor terrace_stack terrace_emulated terrace_northbound
         terrace_southbound_remote
  PRIVATE terrace_flags)
target_compile_definitions(terrace_sandbox PRIVATE TERRACE_EXAMPLES="${CMAKE_SOURCE_DIR}/examples")

terrace_test(scenario_test
  SOURCES scenario/recursion_test.cc scenario/children_test.cc scenario/substitution_test.cc
          scenario/descriptor_identity_test.cc scenario/catalogue_test.cc
          scenario/owner_watch_test.cc
  DEPS terrace_sandbox GTest::gtest_main)
target_compile_definitions(scenario_test PRIVATE TERRACE_EXAMPLES="${CMAKE_SOURCE_DIR}/examples")
