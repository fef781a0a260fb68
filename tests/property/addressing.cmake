terrace_test(addressing_property_test
  SOURCES property/addressing_support.cc property/addressing_split_test.cc
    property/addressing_prefix_test.cc property/addressing_proof_test.cc
  DEPS terrace_recursion GTest::gtest_main
  LABELS property)
