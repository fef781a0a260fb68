add_test(NAME problems_test COMMAND ${CMAKE_CURRENT_LIST_DIR}/problems_test.sh)
set_tests_properties(problems_test PROPERTIES LABELS unit TIMEOUT 60)
