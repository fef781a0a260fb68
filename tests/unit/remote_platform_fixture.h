// A remote child in the same process, over a channel that loses what it is told to: what the tests
// of RemotePlatform stand on.
#pragma once

#include "southbound/remote/remote_platform.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "northbound/local_channel.h"
#include "tests/support/fake_north_api.h"
#include "tests/support/sim_executor.h"

namespace terrace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kHold = "6f1c2a3b-0000-4000-8000-000000000001";
constexpr const char* kInstance = "6f1c2a3b-0000-4000-8000-000000000002";

inline Problem gone() {
  return problem(Problem::UNAVAILABLE, "rpc.unreachable", "the child cannot be reached");
}

// A channel that can be cut: calls under way lose their answers, new ones fail, streams break.
class Cuttable final : public Channel {
 public:
  Cuttable(Executor& executor, Channel& inner) : executor_(executor), inner_(inner) {}

  bool cut = false;
  bool lose_answers = false;  // the call arrives, its answer does not
  std::vector<std::string> methods;
  int streams = 0;

  void cut_now() {
    cut = true;
    for (auto& break_one : std::exchange(breaks_, {})) break_one();
  }

  void unary(std::string_view method, const Call& call, const Message& request,
             const Message& prototype, MessageReply reply) override {
    methods.emplace_back(method.substr(method.rfind('/') + 1));
    if (cut) return executor_.post([reply] { reply(gone()); });
    inner_.unary(method, call, request, prototype,
                 [this, reply](Result<std::unique_ptr<Message>> answer) {
                   if (cut || lose_answers) return reply(gone());
                   reply(std::move(answer));
                 });
  }

  std::unique_ptr<Subscription> stream(std::string_view method, const Call& call,
                                       const Message& request, const Message& prototype,
                                       MessageSink sink) override {
    ++streams;
    auto alive = std::make_shared<bool>(true);
    auto tell = [alive, sink](Result<std::unique_ptr<Message>> event) {
      if (*alive) sink(std::move(event));
    };
    if (cut) {
      executor_.post([tell] { tell(gone()); });
      return std::make_unique<Held>(alive, nullptr);
    }
    breaks_.push_back([this, tell] { executor_.post([tell] { tell(gone()); }); });
    return std::make_unique<Held>(
        alive, inner_.stream(method, call, request, prototype,
                             [this, tell](Result<std::unique_ptr<Message>> event) {
                               if (!cut) tell(std::move(event));
                             }));
  }

 private:
  class Held final : public Subscription {
   public:
    Held(std::shared_ptr<bool> alive, std::unique_ptr<Subscription> inner)
        : alive_(std::move(alive)), inner_(std::move(inner)) {}
    ~Held() override { *alive_ = false; }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    std::shared_ptr<bool> alive_;
    std::unique_ptr<Subscription> inner_;
  };

  Executor& executor_;
  Channel& inner_;
  std::vector<std::function<void()>> breaks_;
};

// A child with holds, whose states the test moves, and a log of changes for its watchers.
class Child final : public FakeNorthApi {
 public:
  using FakeNorthApi::FakeNorthApi;

  std::map<std::string, v1::Hold> holds;
  std::map<std::string, int> commits;  // by hold
  std::optional<v1::UpdateRequest> update;
  std::optional<Problem> refuse_commit;
  bool at_once = false;  // a commit is settled before it is answered
  std::uint64_t revision = 1;
  std::uint64_t oldest = 0;  // resume tokens before it are too old
  std::vector<std::uint64_t> resumed_from;

  v1::Catalogue catalogue;
  std::vector<v1::CatalogueDelta> deltas;
  std::vector<std::uint64_t> catalogue_resumed_from;

  void move(const std::string& id, v1::Hold::State state) {
    auto& hold = holds[id];
    hold.set_id(id);
    hold.set_state(state);
    changed_[id] = ++revision;
    tell(upsert(hold));
  }
  void change_catalogue(const v1::CatalogueDelta& delta) {
    deltas.push_back(delta);
    catalogue.set_revision(delta.revision());
    for (const auto& offer : delta.offer()) *catalogue.add_offer() = offer;
    for (auto& sink : live(catalogue_sinks_)) sink(delta_event(delta));
  }
  void bookmark_all() {
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::BOOKMARK);
    event.mutable_token()->set_revision(revision);
    tell(event);
  }

  void place_hold(const Call& call, const v1::PlaceHoldRequest& request,
                  Reply<v1::Hold> reply) override {
    note("place_hold", call);
    auto& hold = holds[request.hold_id()];
    hold.set_ns_instance_id(request.ns_instance_id().empty() ? request.hold_id()
                                                             : request.ns_instance_id());
    move(request.hold_id(), v1::Hold::HELD);
    executor_.post([reply, hold] { reply(hold); });
  }
  void get_hold(const Call& call, const v1::GetHoldRequest& request,
                Reply<v1::Hold> reply) override {
    note("get_hold", call);
    const auto found = holds.find(request.hold_id());
    if (found == holds.end()) return refuse("get_hold", call, std::move(reply));
    executor_.post([reply, hold = found->second] { reply(hold); });
  }
  void instantiate_ns(const Call& call, const v1::InstantiateRequest& request,
                      Reply<v1::NsLcmOpOcc> reply) override {
    note("instantiate_ns", call);
    EXPECT_EQ(request.ns_instance_id(), request.hold_id());
    EXPECT_EQ(request.operation_id(), request.hold_id());
    commit(request.hold_id(), std::move(reply));
  }
  void update_ns(const Call& call, const v1::UpdateRequest& request,
                 Reply<v1::NsLcmOpOcc> reply) override {
    note("update_ns", call);
    update = request;
    commit(request.hold_id(), std::move(reply));
  }
  void release_hold(const Call& call, const v1::ReleaseHoldRequest& request,
                    Reply<v1::Hold> reply) override {
    note("release_hold", call);
    if (request.mode() == v1::ReleaseHoldRequest::UNDO)
      move(request.hold_id(), v1::Hold::RELEASING);
    executor_.post([reply, hold = holds[request.hold_id()]] { reply(hold); });
  }
  std::unique_ptr<Subscription> watch(const Call& call, const v1::WatchRequest& request,
                                      Sink<v1::WatchEvent> sink) override {
    note("watch", call);
    const bool resume = request.has_resume();
    const std::uint64_t from = request.resume().revision();
    if (resume) resumed_from.push_back(from);
    auto held = subscribe(watch_sinks_, sink);
    executor_.post([this, sink, resume, from] {
      if (resume && from < oldest) {
        return sink(problem(Problem::OUT_OF_RANGE, "watch.too-old", "too old a token"));
      }
      for (const auto& [id, hold] : holds) {
        if (!resume || changed_[id] > from) sink(upsert(hold));
      }
      v1::WatchEvent end;
      end.set_type(v1::WatchEvent::SNAPSHOT_END);
      end.mutable_token()->set_revision(revision);
      sink(end);
    });
    return held;
  }
  std::unique_ptr<Subscription> watch_catalogue(const Call&,
                                                const v1::WatchCatalogueRequest& request,
                                                Sink<v1::CatalogueEvent> sink) override {
    auto held = subscribe(catalogue_sinks_, sink);
    if (request.has_resume()) catalogue_resumed_from.push_back(request.resume().revision());
    executor_.post([this, sink, request] {
      if (request.has_resume()) {
        for (const auto& delta : deltas) {
          if (delta.revision() > request.resume().revision()) sink(delta_event(delta));
        }
        return;
      }
      v1::CatalogueEvent event;
      event.set_type(v1::CatalogueEvent::SNAPSHOT);
      *event.mutable_snapshot() = catalogue;
      event.mutable_token()->set_revision(catalogue.revision());
      sink(event);
    });
    return held;
  }

 private:
  template <class T>
  using Sinks = std::vector<std::pair<std::weak_ptr<bool>, T>>;
  class Held final : public Subscription {
   public:
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  };

  template <class T>
  static std::unique_ptr<Subscription> subscribe(Sinks<T>& sinks, const T& sink) {
    auto held = std::make_unique<Held>();
    sinks.emplace_back(held->alive, sink);
    return held;
  }
  template <class T>
  static std::vector<T> live(const Sinks<T>& sinks) {
    std::vector<T> result;
    for (const auto& [alive, sink] : sinks) {
      if (!alive.expired()) result.push_back(sink);
    }
    return result;
  }

  void commit(const std::string& id, Reply<v1::NsLcmOpOcc> reply) {
    ++commits[id];
    if (refuse_commit) {
      return executor_.post([reply, why = *refuse_commit] { reply(why); });
    }
    v1::NsLcmOpOcc operation;
    operation.set_id(id);
    operation.set_operation_state(v1::NsLcmOpOcc::PROCESSING);
    if (at_once) {
      move(id, v1::Hold::COMMITTED);
      operation.set_operation_state(v1::NsLcmOpOcc::COMPLETED);
    } else if (holds[id].state() == v1::Hold::HELD) {
      move(id, v1::Hold::COMMITTING);
    }
    executor_.post([reply, operation] { reply(operation); });
  }
  v1::WatchEvent upsert(const v1::Hold& hold) {
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::UPSERT);
    event.mutable_token()->set_revision(revision);
    *event.mutable_hold() = hold;
    return event;
  }
  static v1::CatalogueEvent delta_event(const v1::CatalogueDelta& delta) {
    v1::CatalogueEvent event;
    event.set_type(v1::CatalogueEvent::DELTA);
    *event.mutable_delta() = delta;
    event.mutable_token()->set_revision(delta.revision());
    return event;
  }
  void tell(const v1::WatchEvent& event) {
    for (auto& sink : live(watch_sinks_)) sink(event);
  }

  std::map<std::string, std::uint64_t> changed_;
  Sinks<Sink<v1::WatchEvent>> watch_sinks_;
  Sinks<Sink<v1::CatalogueEvent>> catalogue_sinks_;
};

class RemotePlatformTest : public testing::Test {
 protected:
  using Answer = std::shared_ptr<std::vector<Result<v1::Hold>>>;

  void SetUp() override {
    hold();
    sim_.run_ready();
  }

  Reply<v1::Hold> into(const Answer& answer) {
    return [answer](Result<v1::Hold> result) { answer->push_back(std::move(result)); };
  }
  Answer hold(const std::string& instance = {}) {
    v1::PlaceHoldRequest request;
    request.set_hold_id(kHold);
    request.set_ns_instance_id(instance);
    auto answer = std::make_shared<std::vector<Result<v1::Hold>>>();
    remote_->hold({}, request, into(answer));
    return answer;
  }
  Answer commit(Call call = {}) {
    v1::CommitHoldRequest request;
    request.set_hold_id(kHold);
    auto answer = std::make_shared<std::vector<Result<v1::Hold>>>();
    remote_->commit(call, request, into(answer));
    return answer;
  }
  Answer release(v1::ReleaseHoldRequest::Mode mode = v1::ReleaseHoldRequest::UNDO) {
    v1::ReleaseHoldRequest request;
    request.set_hold_id(kHold);
    request.set_mode(mode);
    auto answer = std::make_shared<std::vector<Result<v1::Hold>>>();
    remote_->release({}, request, into(answer));
    return answer;
  }

  SimExecutor sim_;
  SeededRandom random_{1};
  Child child_{sim_};
  Dispatch dispatch_{sim_, child_};
  LocalChannel local_{sim_, sim_, dispatch_};
  Cuttable channel_{sim_, local_};
  std::unique_ptr<RemotePlatform> remote_ = std::make_unique<RemotePlatform>(
      sim_, sim_, random_, channel_, RemotePlatformOptions{.name = "child edge"});
};

}  // namespace terrace
