// A daemon that halts (SIGSTOP to itself) at a moment that is named, so that a test can do there
// what it came for: kill it, cut a cable, and let it go on. What the moment is made of is a Store
// and a Channel around the real ones.
//
//   after hold HELD        the record of a hold in that state is durable; nobody has been told
//   before hold COMMITTED  it is about to be written, and all that came before is durable (to kill
//                          it: if it goes on, what was submitted meanwhile is written first)
//   heard COMMITTED        a platform below says for the first time that a hold is in that state;
//                          nothing has come of it here. What a watch begins with, its snapshot, is
//                          no news. "heard COMMITTED 2": of a second hold
//
// Records: "hold" (all that the platform was asked for), "leaf-hold" (what its own infrastructure
// was asked for, where it has children too), "operation", "ns-instance".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "rpc/channel.h"
#include "store/store.h"

namespace terrace {

struct Moment {
  enum class When { kBefore, kAfter, kHeard };
  When when = When::kAfter;
  // Of a record; empty for kHeard.
  std::string kind;
  std::string state;
  // Of how many holds it must have been heard.
  std::size_t count = 1;
};

// Nothing where the text names none.
std::optional<Moment> parse_moment(const std::string& text);

// Each halts once. A moment of the other's is none of theirs.
std::unique_ptr<Store> halting_store(std::unique_ptr<Store> store, const Moment& moment);
// Those of one daemon count together: `heard` is the same for all of them.
struct Heard;
std::shared_ptr<Heard> nothing_heard();
std::unique_ptr<Channel> halting_channel(std::unique_ptr<Channel> channel, const Moment& moment,
                                         std::shared_ptr<Heard> heard);

}  // namespace terrace
