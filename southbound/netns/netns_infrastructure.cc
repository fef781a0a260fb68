#include "southbound/netns/netns_infrastructure.h"

#include <utility>

#include "base/worker_pool.h"
#include "southbound/leaf/call_queue.h"
#include "southbound/netns/parts.h"
#include "southbound/netns/site.h"

namespace terrace {

using driver::v1::AppliedPart;
using driver::v1::DesiredPart;

class NetnsInfrastructure::Impl {
 public:
  Impl(std::unique_ptr<netns::Site> site, Executor& executor, Log log)
      : site_(std::move(site)),
        parts_(*site_),
        executor_(executor),
        log_(std::move(log)),
        pool_(site_->config().workers) {}

  // Runs `work` on a worker once all that was asked before for the hold is done, then `reply` on
  // the strand.
  template <class T>
  void run(const std::string& hold_id, std::function<Result<T>()> work,
           std::function<void(Result<T>)> reply) {
    queue_.run(hold_id, [this, work = std::move(work),
                         reply = std::move(reply)](std::function<void()> finished) {
      run_now<T>(work, [reply, finished](Result<T> result) {
        reply(std::move(result));
        finished();
      });
    });
  }

  template <class T>
  void run_now(std::function<Result<T>()> work, std::function<void(Result<T>)> reply) {
    auto result = std::make_shared<std::optional<Result<T>>>();
    pool_.run([result, work = std::move(work)] { result->emplace(work()); },
              [result, reply = std::move(reply)] { reply(*std::move(*result)); }, executor_);
  }

  netns::Parts& parts() { return parts_; }
  const netns::Site& site() const { return *site_; }
  const Log& log() const { return log_; }

 private:
  const std::unique_ptr<netns::Site> site_;
  netns::Parts parts_;
  Executor& executor_;
  const Log log_;
  CallQueue queue_;
  // Last: joins before what its work uses is gone.
  WorkerPool pool_;
};

Result<std::unique_ptr<NetnsInfrastructure>> NetnsInfrastructure::open(NetnsConfig config,
                                                                       Executor& executor,
                                                                       Log log) {
  auto site = netns::Site::open(std::move(config));
  if (!site) return std::move(site).problem();
  log.info(
      "infrastructure ready",
      {{"kind", "netns"}, {"site", (*site)->ns().label()}, {"run_dir", (*site)->config().run_dir}});
  return std::unique_ptr<NetnsInfrastructure>(
      new NetnsInfrastructure(std::make_unique<Impl>(*std::move(site), executor, std::move(log))));
}

NetnsInfrastructure::NetnsInfrastructure(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NetnsInfrastructure::~NetnsInfrastructure() = default;

driver::v1::Inventory NetnsInfrastructure::inventory() const {
  return impl_->site().inventory();
}

void NetnsInfrastructure::apply(const DesiredPart& part, Reply<AppliedPart> reply) {
  impl_->run<AppliedPart>(
      part.hold_id(), [impl = impl_.get(), part] { return impl->parts().apply(part); },
      [impl = impl_.get(), id = part.hold_id(), reply](Result<AppliedPart> applied) {
        if (applied) {
          impl->log().info("part made", {{"hold", id}});
        } else {
          impl->log().warning("part not made",
                              {{"hold", id}, {"problem", describe(applied.problem())}});
        }
        reply(std::move(applied));
      });
}

void NetnsInfrastructure::remove(const std::string& hold_id, std::function<void(Status)> reply) {
  impl_->run<void>(
      hold_id, [impl = impl_.get(), hold_id] { return impl->parts().remove(hold_id); },
      [impl = impl_.get(), hold_id, reply](Status removed) {
        if (removed) {
          impl->log().info("part gone", {{"hold", hold_id}});
        } else {
          impl->log().warning("part not gone",
                              {{"hold", hold_id}, {"problem", describe(removed.problem())}});
        }
        reply(std::move(removed));
      });
}

void NetnsInfrastructure::inspect(std::optional<std::string> hold_id,
                                  Reply<std::vector<v1::Resource>> reply) {
  impl_->run_now<std::vector<v1::Resource>>(
      [impl = impl_.get(), hold_id] { return impl->parts().inspect(hold_id); }, std::move(reply));
}

void NetnsInfrastructure::probe(const driver::v1::ProbeOrder& order, Reply<v1::ProbeResult> reply) {
  impl_->run<v1::ProbeResult>(
      order.hold_id(), [impl = impl_.get(), order] { return impl->parts().probe(order); },
      std::move(reply));
}

}  // namespace terrace
