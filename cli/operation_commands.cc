// `terrace op`: operations, under way or over.
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cli/methods.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/words.h"
#include "terrace/v1/ns_lifecycle_service.pb.h"

namespace terrace::cli {
namespace {

void print_operation(const Terminal& terminal, const v1::NsLcmOpOcc& operation) {
  auto& out = terminal.out;
  out << terminal.paint(Colour::kBold, operation.id()) << "  "
      << v1::NsLcmOpOcc::LcmOperationType_Name(operation.lcm_operation_type()) << "  "
      << state(terminal, operation.operation_state()) << "  since "
      << words(operation.state_entered_time()) << '\n'
      << "instance  " << operation.ns_instance_id() << '\n';
  if (operation.has_error()) out << problem_text(terminal, operation.error());
  Table table({"TASK", "STATE", "TOOK", "AFTER", "DETAIL"});
  for (const auto& task : operation.task())
    table.add({task.name(), state(terminal, task.state()), took(task.started(), task.finished()),
               joined(task.needs()), task.has_error() ? describe(task.error()) : task.detail()});
  if (!table.empty()) table.print(out);
}

int show(Session& session, const std::string& id) {
  v1::GetNsLcmOpOccRequest request;
  request.set_operation_id(id);
  return ask<v1::NsLcmOpOcc>(session, kGetOperation, request, [&](const v1::NsLcmOpOcc& operation) {
    print_operation(session.terminal(), operation);
  });
}

int list(Session& session) {
  const Terminal& terminal = session.terminal();
  return ask_all<v1::ListNsLcmOpOccsResponse>(
      session, kListOperations, v1::ListNsLcmOpOccsRequest(),
      [&](const v1::ListNsLcmOpOccsResponse& all) {
        Table table({"ID", "WHAT", "STATE", "STARTED", "TOOK", "INSTANCE"});
        for (const auto& one : all.operation())
          table.add({one.id(), v1::NsLcmOpOcc::LcmOperationType_Name(one.lcm_operation_type()),
                     state(terminal, one.operation_state()), words(one.start_time()),
                     is_final(one.operation_state())
                         ? took(one.start_time(), one.state_entered_time())
                         : "",
                     short_id(terminal, one.ns_instance_id())});
        table.print(terminal.out);
      });
}

int watch(Session& session, const std::string& id) {
  const Terminal& terminal = session.terminal();
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  auto last = follow(**client, terminal, id);
  if (!last.ok()) return fail(terminal, last.problem());
  return conclude(terminal, *last, "operation " + id + " is completed");
}

}  // namespace

void add_operation_commands(CLI::App& app, Chosen& chosen) {
  auto& group = add_group(app, "op", "Operations on network services");
  const auto id = std::make_shared<std::string>();
  auto& shown =
      add_command(group, "show", "An operation and its tasks", "terrace -p top op show ID");
  shown.add_option("ID", *id, "Its id")->required();
  chosen.on(shown, [id](Session& session) { return show(session, *id); });
  chosen.on(add_command(group, "list", "The operations there were", "terrace -p top op list"),
            list);
  auto& watched = add_command(group, "watch", "Follow it to its end, task by task",
                              "terrace -p top op watch ID");
  watched.add_option("ID", *id, "Its id")->required();
  chosen.on(watched, [id](Session& session) { return watch(session, *id); });
}

}  // namespace terrace::cli
