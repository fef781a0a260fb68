// Of the hold book alone: one entry, with who waits for it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "recursion/hold_book.h"

namespace terrace {

class HoldBook::Entry final : public HoldEntry, public std::enable_shared_from_this<Entry> {
 public:
  enum class Busy { kIdle, kHolding, kCommitting, kReleasing };

  Entry(HoldBook& book, Key key) : book_(book), key_(std::move(key)) {}

  record::v1::HoldRecord& record() override { return record_; }
  const record::v1::HoldRecord& record() const override { return record_; }
  void save(std::function<void(Status)> then) override;
  void show() override;
  bool release_wanted() const override { return record_.release_wanted(); }
  bool dry() const override { return dry_; }
  const v1::CallContext& context() const override { return record_.context(); }
  std::optional<Instant> deadline() const override;

  const Key& key() const { return key_; }
  v1::Hold& hold() { return *record_.mutable_hold(); }
  v1::Hold::State state() const { return record_.hold().state(); }
  Instant expires() const { return from_timestamp(record_.hold().expires()); }
  Instant not_after() const { return from_timestamp(record_.hold().not_after()); }

  bool dry_ = false;
  Busy busy_ = Busy::kIdle;
  // The maker has set something aside.
  bool made_ = false;
  // Of the last write.
  std::uint64_t revision_ = 0;
  std::vector<Reply<v1::Hold>> hold_waiters_;
  std::vector<Reply<v1::Hold>> commit_waiters_;
  std::vector<Reply<v1::Hold>> release_waiters_;
  std::unique_ptr<Executor::Timer> timer_;

 private:
  HoldBook& book_;
  Key key_;
  record::v1::HoldRecord record_;
};

}  // namespace terrace
