// A disk without room: refused whole and in order, and on it goes when there is room again.
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <fstream>

#include "tests/unit/sqlite_store_fixture.h"

namespace terrace {
namespace {

Batch big(const std::string& id, std::size_t bytes = 1 << 20) {
  return Batch().put({"k", "t", id}, "", "", std::string(bytes, 'x'));
}

class FullDiskTest : public SqliteStoreTest {
 protected:
  // The store is open, and a big batch does not fit until `make_room` has run.
  void refuses_and_goes_on(const std::function<void()>& make_room) {
    // The strand waits: nobody is told of the failure before all three are submitted.
    std::promise<void> go;
    executor_.post([&] { go.get_future().get(); });
    std::vector<std::string> told;
    std::promise<void> over;
    const auto note = [&](const Result<std::uint64_t>& result) {
      told.push_back(result.ok() ? "ok" : result.problem().type());
      if (result.ok()) return;
      EXPECT_EQ(result.problem().code(), Problem::RESOURCE_EXHAUSTED);
      EXPECT_GT(result.problem().possible_size(), 0);
    };
    store_->commit(big("big"), note);
    store_->commit(Batch().put({"k", "t", "small"}, "", "", "builds on the big one"), note);
    store_->commit({}, [&](const Result<std::uint64_t>& result) {
      note(result);
      over.set_value();
    });
    go.set_value();
    over.get_future().get();
    EXPECT_EQ(told, std::vector<std::string>(3, "store.full"));
    EXPECT_EQ(store_->revision(), 1u);
    EXPECT_EQ(store_->get({"k", "t", "small"})->has_value(), false);
    EXPECT_EQ((*store_->get({"k", "t", "before"}))->body, "kept");

    make_room();
    EXPECT_EQ(*commit(big("big")), 2u);
    store_.reset();
    open();
    EXPECT_EQ(store_->revision(), 2u);
    EXPECT_EQ((*store_->get({"k", "t", "big"}))->body.size(), 1u << 20);
    EXPECT_EQ((*store_->get({"k", "t", "before"}))->body, "kept");
  }
};

TEST_F(FullDiskTest, FileSizeLimit) {
  open();
  ASSERT_TRUE(commit(Batch().put({"k", "t", "before"}, "", "", "kept")).ok());
  rlimit former{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &former), 0);
  const rlimit tight{512 << 10, former.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  refuses_and_goes_on([&] { ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &former), 0); });
  ::setrlimit(RLIMIT_FSIZE, &former);
  ::signal(SIGXFSZ, handler);
}

// In a mount namespace that ends with its threads: this one, and the writer's, which it starts.
TEST_F(FullDiskTest, FullFileSystem) {
  std::thread([this] {
    if (::unshare(CLONE_NEWNS) != 0) GTEST_SKIP() << "no right to mount a small file system";
    ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("none", directory_.path().c_str(), "tmpfs", 0, "size=8m"), 0);
    open();
    ASSERT_TRUE(commit(Batch().put({"k", "t", "before"}, "", "", "kept")).ok());
    const auto ballast = directory_.path() / "ballast";
    {
      std::ofstream file(ballast, std::ios::binary);
      const std::string block(64 << 10, 'x');
      while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      }
    }
    refuses_and_goes_on([&] { ASSERT_TRUE(std::filesystem::remove(ballast)); });
    store_.reset();
  }).join();
}

}  // namespace
}  // namespace terrace
