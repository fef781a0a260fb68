// What every Platform promises (recursion/platform.h, PROTOCOL R5 to R9, R13, R20, R21), whoever it
// is: instantiate PlatformContract with a factory. A case knows nothing of the platform but its
// verbs and what it publishes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "base/random.h"
#include "recursion/platform.h"
#include "southbound/leaf/config.h"

namespace terrace {

// A running platform that offers the functions firewall and web (images terrace/<name>) for at
// least four services of one each, and has at least two attachment points.
class PlatformUnderTest {
 public:
  virtual ~PlatformUnderTest() = default;

  virtual Platform& platform() = 0;
  // As it calls itself on an order's path.
  virtual std::string id() = 0;
  virtual const Clock& clock() = 0;
  // Runs the work on the platform's strand, and returns when it has run.
  virtual void on_strand(const std::function<void()>& work) = 0;
  // Until the predicate, looked at on the strand, holds; false: it does not within a minute.
  virtual bool run_until(const std::function<bool()>& predicate) = 0;
};

struct PlatformFactory {
  std::string name;
  std::function<std::unique_ptr<PlatformUnderTest>()> make;
};

inline std::string platform_name(const ::testing::TestParamInfo<PlatformFactory>& info) {
  return info.param.name;
}

// For what a platform under test is made of: a leaf that sells both functions, and run_until() for
// a platform whose strand is this executor's.
LeafConfig firewall_and_web();
bool run_until_on(Executor& executor, const std::function<bool()>& predicate);

class PlatformContract : public ::testing::TestWithParam<PlatformFactory> {
 protected:
  PlatformContract();
  ~PlatformContract() override;

  std::string new_id() { return uuid(random_); }
  // A client's SAP, a firewall, a web server, the path through them; without an envelope.
  v1::PlaceHoldRequest order();
  // The same with an envelope of addresses, drawn.
  v1::PlaceHoldRequest order_within_envelope();

  Result<v1::Hold> hold(const v1::PlaceHoldRequest& request, const Call& call = {});
  Result<v1::Hold> commit(const std::string& id, const Call& call = {});
  Result<v1::Hold> release(const std::string& id, const Call& call = {});
  Result<v1::ProbeResult> probe(const v1::ProbeRequest& request);
  // Ordered and made; its id.
  v1::Hold made();
  // The catalogue as it stands; instances left of the function, over all offers of it.
  v1::Catalogue catalogue();
  std::uint32_t left(const v1::Catalogue& catalogue, const std::string& function) const;
  std::uint32_t webs_left() { return left(catalogue(), "web"); }
  // Waits for the hint (R21): capacity is told a moment later.
  ::testing::AssertionResult webs_become(const std::function<bool(std::uint32_t)>& right);
  ::testing::AssertionResult webs_become(std::uint32_t count) {
    return webs_become([count](std::uint32_t now) { return now == count; });
  }
  ::testing::AssertionResult webs_fall_below(std::uint32_t count) {
    return webs_become([count](std::uint32_t now) { return now < count; });
  }

  static std::string uuid(Random& random);
  static Call with_epoch(std::uint64_t epoch);

  SeededRandom random_;
  std::unique_ptr<PlatformUnderTest> under_test_;

 private:
  template <class R>
  Result<R> ask(const std::function<void(Reply<R>)>& call);
};

}  // namespace terrace
