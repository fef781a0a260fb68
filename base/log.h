// Logging: one line an event, with fields. Injected; a copy with further fields is cheap and writes
// to the same place.
//
//   log.with("operation", id).info("committed", {{"parts", "3"}});
//   2026-01-01T00:00:00.000000Z info  committed platform=m operation=4f1c... parts=3
//
// Any thread.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/call.h"
#include "base/result.h"

namespace terrace {

struct LogOptions {
  enum class Level { kDebug, kInfo, kWarning, kError, kOff };
  enum class Format { kText, kJson };
  Level level = Level::kInfo;
  Format format = Format::kText;
  // Empty: standard error.
  std::string file;
};

class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;
  using Fields = std::initializer_list<Field>;

  // Writes nothing.
  Log();
  // PERMISSION_DENIED log.cannot-open: which file and why.
  static Result<Log> open(const LogOptions& options);

  // The same log with one more field on every line.
  [[nodiscard]] Log with(std::string_view key, std::string value) const;
  // With what identifies a call: tenant, root operation, path, trace.
  [[nodiscard]] Log with(const Call& call) const;

  void debug(std::string_view what, Fields fields = {}) const;
  void info(std::string_view what, Fields fields = {}) const;
  void warning(std::string_view what, Fields fields = {}) const;
  void error(std::string_view what, Fields fields = {}) const;

 private:
  class Sink;
  void write(LogOptions::Level level, std::string_view what, Fields fields) const;

  std::shared_ptr<Sink> sink_;
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace terrace
