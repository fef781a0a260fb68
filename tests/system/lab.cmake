# Real daemons in a lab: needs root, and a kernel that lets us make namespaces.
add_test(NAME lab_system_test
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/lab_test.sh $<TARGET_FILE:terrace> $<TARGET_FILE:terrace-lab>
          $<TARGET_FILE:terraced> ${CMAKE_SOURCE_DIR})
set_tests_properties(lab_system_test PROPERTIES LABELS system TIMEOUT 300 RESOURCE_LOCK kernel
  ENVIRONMENT "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0")
