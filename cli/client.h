// The API as a command uses it: one question, one answer, on the caller's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace terrace {
class Channel;
class Executor;
}  // namespace terrace

namespace terrace::cli {

struct ClientOptions {
  // "unix:/path" or "host:port"; for messages.
  std::string address;
  // Empty: the platform's default one.
  std::string tenant;
  // Of a whole command, from its first call on; unset: `patience` for each question, and no end for
  // what is watched.
  std::optional<Duration> timeout;
  Duration patience = std::chrono::seconds(30);
};

// Blocking. One thread; not the executor's. Executor and channel outlive it.
class Client {
 public:
  using Message = google::protobuf::Message;

  Client(ClientOptions options, Executor& executor, Channel& channel, const Clock& clock);

  // A platform that does not answer is UNAVAILABLE "rpc.unreachable" naming its address.
  template <class Response>
  Result<Response> call(std::string_view method, const Message& request) {
    auto reply = unary(method, request, Response::default_instance());
    if (!reply.ok()) return std::move(reply).problem();
    return std::move(static_cast<Response&>(**reply));
  }

  // Each event, until the stream ends well or `each` returns false.
  template <class Event>
  Status watch(std::string_view method, const Message& request,
               const std::function<bool(const Event&)>& each) {
    return stream(method, request, Event::default_instance(),
                  [&each](const Message& event) { return each(static_cast<const Event&>(event)); });
  }

  const std::string& address() const { return options_.address; }

 private:
  Result<std::unique_ptr<Message>> unary(std::string_view method, const Message& request,
                                         const Message& prototype);
  Status stream(std::string_view method, const Message& request, const Message& prototype,
                const std::function<bool(const Message&)>& each);
  std::optional<Instant> deadline(bool watching);
  Problem explain(Problem problem) const;

  const ClientOptions options_;
  Executor& executor_;
  Channel& channel_;
  const Clock& clock_;
  std::optional<Instant> last_;
};

// All pages of a list in one response. `Request` has a `page`, `Response` a `next_page_token`.
template <class Response, class Request>
Result<Response> list_all(Client& client, std::string_view method, Request request) {
  Response all;
  do {
    auto page = client.call<Response>(method, request);
    if (!page.ok()) return std::move(page).problem();
    request.mutable_page()->set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
  } while (!request.page().page_token().empty());
  return all;
}

}  // namespace terrace::cli
