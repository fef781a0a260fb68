terrace_test(store_contract_test
  SOURCES contract/store_contract_test.cc contract/store_model_test.cc
  DEPS terrace_store terrace_store_sqlite GTest::gtest_main
  LABELS contract)
