# Needs a kernel that lets us make namespaces; says so and skips where it does not.
terrace_test(linux_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/linux_test_links.cc
          ${CMAKE_CURRENT_LIST_DIR}/linux_test_probe.cc
          ${CMAKE_CURRENT_LIST_DIR}/linux_test_process.cc
          ${CMAKE_CURRENT_LIST_DIR}/linux_test_main.cc
  DEPS terrace_linux
  LABELS kernel)
