// How a group of commands joins the command line.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/session.h"

namespace terrace::cli {

// What a command does; the exit status.
using Action = std::function<int(Session&)>;

// The one command that the line names. Parsing only chooses it, so that all of the line is checked
// before anything is done.
class Chosen {
 public:
  void on(CLI::App& command, Action action) {
    command.callback([this, action = std::move(action)] { action_ = action; });
  }
  const Action& action() const { return action_; }

 private:
  Action action_;
};

// A group ("ns") whose members are asked for; an example goes under its help.
CLI::App& add_group(CLI::App& app, const std::string& name, const std::string& what);
CLI::App& add_command(CLI::App& group, const std::string& name, const std::string& what,
                      const std::string& example);

void add_catalogue_commands(CLI::App& app, Chosen& chosen);
void add_descriptor_commands(CLI::App& app, Chosen& chosen);
void add_ns_commands(CLI::App& app, Chosen& chosen);
void add_hold_commands(CLI::App& app, Chosen& chosen);
void add_operation_commands(CLI::App& app, Chosen& chosen);
void add_platform_commands(CLI::App& app, Chosen& chosen);
// Runs terrace-lab, found beside this program, with the rest of the line.
void add_lab_command(CLI::App& app, Chosen& chosen);

// For commands: asks, and on a refusal says so. `use` gets the answer and gives the exit status.
template <class Response, class Use>
int ask(Session& session, std::string_view method, const google::protobuf::Message& request,
        Use use) {
  auto client = session.client();
  if (!client.ok()) return fail(session.terminal(), client.problem());
  auto response = (*client)->template call<Response>(method, request);
  if (!response.ok()) return fail(session.terminal(), response.problem());
  if (session.terminal().json()) {
    session.terminal().out << to_json(*response);
    return 0;
  }
  use(*response);
  return 0;
}

// The same for all pages of a list.
template <class Response, class Request, class Use>
int ask_all(Session& session, std::string_view method, const Request& request, Use use) {
  auto client = session.client();
  if (!client.ok()) return fail(session.terminal(), client.problem());
  auto response = list_all<Response>(**client, method, request);
  if (!response.ok()) return fail(session.terminal(), response.problem());
  if (session.terminal().json()) {
    session.terminal().out << to_json(*response);
    return 0;
  }
  use(*response);
  return 0;
}

}  // namespace terrace::cli
