terrace_test(hold_book_test
  SOURCES unit/hold_book_test.cc
  DEPS terrace_recursion terrace_store terrace_sim_executor GTest::gtest_main
  LABELS unit)
