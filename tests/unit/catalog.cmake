terrace_test(strict_yaml_test
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/strict_yaml_test.cc
  DEPS terrace_base GTest::gtest_main
  LABELS unit)
terrace_test(catalogue_test
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/money_test.cc
          ${CMAKE_CURRENT_SOURCE_DIR}/unit/catalogue_diff_test.cc
          ${CMAKE_CURRENT_SOURCE_DIR}/unit/aggregator_test.cc
          ${CMAKE_CURRENT_SOURCE_DIR}/unit/catalogue_publisher_test.cc
  DEPS terrace_catalog terrace_sim_executor GTest::gtest_main
  LABELS unit)
terrace_test(descriptor_test
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/descriptor_test.cc
          ${CMAKE_CURRENT_SOURCE_DIR}/golden/descriptor_golden_test.cc
          ${CMAKE_CURRENT_SOURCE_DIR}/property/descriptor_mutation_test.cc
  DEPS terrace_catalog GTest::gtest_main
  LABELS unit golden property)
target_compile_definitions(descriptor_test PRIVATE TERRACE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
