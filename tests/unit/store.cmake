terrace_test(sqlite_store_test
  SOURCES unit/sqlite_store_test.cc unit/sqlite_store_crash_test.cc unit/sqlite_store_full_test.cc
  DEPS terrace_store_sqlite
  LABELS unit)
