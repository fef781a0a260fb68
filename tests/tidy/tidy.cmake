add_test(NAME tidy COMMAND ${CMAKE_CURRENT_LIST_DIR}/tidy.sh)
add_test(NAME tidy_test COMMAND ${CMAKE_CURRENT_LIST_DIR}/tidy_test.sh)
set_tests_properties(tidy tidy_test PROPERTIES LABELS unit TIMEOUT 60)
