// A child's catalogue, followed and kept: what RemotePlatform::publish tells.
#pragma once

#include <memory>
#include <optional>

#include "southbound/remote/fanout.h"
#include "southbound/remote/live_stream.h"
#include "terrace/v1/watch.pb.h"

namespace terrace {

// On the strand.
class CatalogueFeed {
 public:
  CatalogueFeed(Executor& executor, Random& random, Channel& channel,
                const RemotePlatformOptions& options);

  [[nodiscard]] std::unique_ptr<Subscription> subscribe(Platform::CatalogueSink sink);

  // As last heard.
  const std::optional<v1::Catalogue>& catalogue() const { return catalogue_; }
  const std::optional<Problem>& lost() const { return stream_.lost(); }
  bool heard() const { return heard_; }

 private:
  void event(const v1::CatalogueEvent& event);
  void gap(const Problem& why);
  std::vector<v1::CatalogueEvent> whole() const;

  Executor& executor_;
  const std::shared_ptr<Fanout<v1::CatalogueEvent>> listeners_ =
      std::make_shared<Fanout<v1::CatalogueEvent>>();
  std::optional<v1::Catalogue> catalogue_;
  std::optional<v1::ResumeToken> token_;
  bool heard_ = false;  // the catalogue is current
  const std::shared_ptr<bool> alive_;
  LiveStream stream_;
};

}  // namespace terrace
