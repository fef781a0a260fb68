# Real daemons, real packets. Needs root and a kernel that lets us make namespaces; says so and skips
# where it does not.
add_executable(halting_terraced
  ${CMAKE_CURRENT_LIST_DIR}/halting_terraced.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/support/moments.cc)
target_link_libraries(halting_terraced PRIVATE terrace_daemon_run terrace_flags)

terrace_test(system_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/system_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/customer.cc
          ${CMAKE_CURRENT_LIST_DIR}/test_lab.cc
          ${CMAKE_CURRENT_LIST_DIR}/world.cc
          ${CMAKE_CURRENT_SOURCE_DIR}/support/run.cc
  DEPS terrace_lab
  LABELS system)
add_dependencies(system_test terraced terrace halting_terraced)
target_compile_definitions(system_test PRIVATE
  TERRACE_EXAMPLE="${CMAKE_SOURCE_DIR}/examples/three-tier"
  TERRACE_SNAPSHOT="${CMAKE_CURRENT_SOURCE_DIR}/support/snapshot.sh"
  TERRACE_CLI="$<TARGET_FILE:terrace>"
  TERRACE_DAEMON="$<TARGET_FILE:terraced>"
  TERRACE_HALTING_DAEMON="$<TARGET_FILE:halting_terraced>")
set_tests_properties(system_test PROPERTIES SKIP_RETURN_CODE 77)
