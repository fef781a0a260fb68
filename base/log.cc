#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>

namespace terrace {
namespace {

spdlog::level::level_enum to_spdlog(LogOptions::Level level) {
  switch (level) {
    case LogOptions::Level::kDebug:
      return spdlog::level::debug;
    case LogOptions::Level::kInfo:
      return spdlog::level::info;
    case LogOptions::Level::kWarning:
      return spdlog::level::warn;
    case LogOptions::Level::kError:
      return spdlog::level::err;
    case LogOptions::Level::kOff:
      break;
  }
  return spdlog::level::off;
}

// A JSON string, which is also how a value with spaces is written in text.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

bool is_plain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '\\' && c != '=';
  });
}

}  // namespace

class Log::Sink {
 public:
  Sink(spdlog::sink_ptr sink, const LogOptions& options)
      : logger_("", std::move(sink)), json_(options.format == LogOptions::Format::kJson) {
    logger_.set_level(to_spdlog(options.level));
    logger_.flush_on(spdlog::level::info);
    // The level's name is in each line of ours; times are UTC.
    auto formatter = std::make_unique<spdlog::pattern_formatter>(
        json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})"
              : "%Y-%m-%dT%H:%M:%S.%fZ %-7l %v",
        spdlog::pattern_time_type::utc);
    logger_.set_formatter(std::move(formatter));
  }

  bool wants(LogOptions::Level level) const { return logger_.should_log(to_spdlog(level)); }
  void line(LogOptions::Level level, const std::string& text) {
    logger_.log(to_spdlog(level), spdlog::string_view_t(text));
  }

  std::string head(std::string_view what) const {
    return json_ ? "\"what\":" + quoted(what) : std::string(what);
  }
  std::string field(std::string_view key, std::string_view value) const {
    if (json_) return "," + quoted(key) + ":" + quoted(value);
    return " " + std::string(key) + "=" + (is_plain(value) ? std::string(value) : quoted(value));
  }

 private:
  spdlog::logger logger_;
  const bool json_;
};

Log::Log() = default;

Result<Log> Log::open(const LogOptions& options) {
  Log log;
  try {
    spdlog::sink_ptr sink;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
    }
    log.sink_ = std::make_shared<Sink>(std::move(sink), options);
  } catch (const spdlog::spdlog_ex& error) {
    return make_problem(Problem::PERMISSION_DENIED, "log.cannot-open",
                        "cannot write the log " + options.file + ": " + error.what())
        .at_resource("file/" + options.file);
  }
  return log;
}

Log Log::with(std::string_view key, std::string value) const {
  Log log = *this;
  log.fields_.emplace_back(key, std::move(value));
  return log;
}

Log Log::with(const Call& call) const {
  Log log = *this;
  const auto& context = call.context;
  const auto add = [&log](std::string_view key, const std::string& value) {
    if (!value.empty()) log.fields_.emplace_back(key, value);
  };
  add("tenant", context.tenant());
  add("operation", context.root_operation_id());
  std::string path;
  for (const auto& platform : context.platform_path()) {
    path += (path.empty() ? "" : ">") + platform;
  }
  add("path", path);
  add("trace", call.traceparent);
  return log;
}

void Log::write(LogOptions::Level level, std::string_view what, Fields fields) const {
  if (!sink_ || !sink_->wants(level)) return;
  std::string text = sink_->head(what);
  for (const auto& [key, value] : fields_) text += sink_->field(key, value);
  for (const auto& [key, value] : fields) text += sink_->field(key, value);
  // Every line has them, so that lines can be cut by column: what belongs to no order says so.
  for (const std::string_view always : {"operation", "path"}) {
    const auto has = [always](const auto& field) { return field.first == always; };
    const bool there = std::any_of(fields_.begin(), fields_.end(), has) ||
                       std::any_of(fields.begin(), fields.end(), has);
    if (!there) text += sink_->field(always, "-");
  }
  sink_->line(level, text);
}

void Log::debug(std::string_view what, Fields fields) const {
  write(LogOptions::Level::kDebug, what, fields);
}
void Log::info(std::string_view what, Fields fields) const {
  write(LogOptions::Level::kInfo, what, fields);
}
void Log::warning(std::string_view what, Fields fields) const {
  write(LogOptions::Level::kWarning, what, fields);
}
void Log::error(std::string_view what, Fields fields) const {
  write(LogOptions::Level::kError, what, fields);
}

}  // namespace terrace
