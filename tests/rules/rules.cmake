add_test(NAME rules_test COMMAND ${CMAKE_CURRENT_LIST_DIR}/rules_test.sh)
set_tests_properties(rules_test PROPERTIES LABELS unit TIMEOUT 60)
