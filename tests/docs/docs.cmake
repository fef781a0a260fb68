foreach(name problems_test links_test)
  add_test(NAME ${name} COMMAND ${CMAKE_CURRENT_LIST_DIR}/${name}.sh)
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()
