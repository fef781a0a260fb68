terrace_test(planning_test
  SOURCES unit/walked_order_test.cc unit/normalise_test.cc unit/placement_test.cc
          property/division_property_test.cc property/placement_property_test.cc
  DEPS terrace_recursion GTest::gtest_main
  LABELS unit)
