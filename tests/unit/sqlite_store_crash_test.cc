// A writer killed in the middle: what was acknowledged is there, and nothing is there by half.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>

#include "tests/unit/sqlite_store_fixture.h"

extern char** environ;

namespace terrace {
namespace {

constexpr const char* kWriterFlag = "--write-until-killed";
constexpr const char* kSides[] = {"left", "right"};
constexpr int kInFlight = 32;

RecordKey side(const char* kind, std::uint64_t number) {
  return {kind, "t", std::to_string(number)};
}

// The writer's process: for ever, batches of two records with the same number; a number on
// standard output once its batch is acknowledged.
[[noreturn]] void write_until_killed(const char* path) {
  AsioExecutor executor;
  SystemRandom random;
  auto opened = SqliteStore::open(path, executor, random);
  if (!opened.ok()) {
    std::fprintf(stderr, "%s\n", describe(opened.problem()).c_str());
    std::_Exit(1);
  }
  Store& store = **opened;
  std::uint64_t next = store.revision();
  std::function<void()> write = [&] {
    const std::uint64_t number = next++;
    const std::string body(100 + number % 5000, 'x');
    Batch batch;
    for (const char* kind : kSides) batch.put(side(kind, number), "", "", body, 0);
    store.commit(std::move(batch), [&, number](const Result<std::uint64_t>& result) {
      if (!result.ok()) std::_Exit(2);
      if (::write(STDOUT_FILENO, &number, sizeof number) != sizeof number) std::_Exit(3);
      write();
    });
  };
  executor.post([&] {
    for (int i = 0; i < kInFlight; ++i) write();
  });
  while (true) ::pause();
}

class Writer {
 public:
  explicit Writer(const std::filesystem::path& path) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string self = "/proc/self/exe", flag = kWriterFlag, file = path.string();
    char* arguments[] = {self.data(), flag.data(), file.data(), nullptr};
    const int error = ::posix_spawn(&pid_, self.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
    if (error != 0) throw std::runtime_error("posix_spawn");
  }
  ~Writer() { ::close(output_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // The next number acknowledged; none once the writer is dead and all is read.
  std::optional<std::uint64_t> next() {
    std::uint64_t number = 0;
    const auto size = ::read(output_, &number, sizeof number);
    return size == sizeof number ? std::optional(number) : std::nullopt;
  }

  void kill() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << status;
  }

 private:
  pid_t pid_ = 0;
  int output_ = -1;
};

TEST_F(SqliteStoreTest, AKilledWriterLosesNothingAcknowledgedAndLeavesNoHalves) {
  SeededRandom dice(7);
  std::uint64_t acknowledged = 0;  // numbers below this one
  for (int round = 0; round < 8; ++round) {
    Writer writer(path_);
    const std::uint64_t enough = acknowledged + 50 + dice.next() % 400;
    while (acknowledged < enough) {
      const auto number = writer.next();
      ASSERT_TRUE(number) << "the writer ended by itself";
      acknowledged = *number + 1;
    }
    writer.kill();
    while (const auto number = writer.next()) acknowledged = *number + 1;

    open();
    const std::uint64_t there = store_->revision();
    EXPECT_GE(there, acknowledged);
    EXPECT_LE(there, acknowledged + kInFlight);
    for (std::uint64_t number = 0; number < there + kInFlight; ++number) {
      for (const char* kind : kSides) {
        const auto record = *store_->get(side(kind, number));
        ASSERT_EQ(record.has_value(), number < there) << kind << " " << number;
        if (record) {
          ASSERT_EQ(record->body.size(), 100 + number % 5000);
        }
      }
    }
    acknowledged = there;
    store_.reset();
  }
}

}  // namespace
}  // namespace terrace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], terrace::kWriterFlag) == 0) {
    terrace::write_until_killed(argv[2]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
