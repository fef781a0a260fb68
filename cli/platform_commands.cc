// `terrace platform`: what an administrator asks of his own platform.
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cli/methods.h"
#include "cli/ns_view.h"
#include "cli/table.h"
#include "cli/words.h"
#include "terrace/v1/platform_service.pb.h"

namespace terrace::cli {
namespace {

void print_status(const Terminal& terminal, const v1::PlatformStatus& status) {
  auto& out = terminal.out;
  out << terminal.paint(Colour::kBold, status.provider()) << "  platform " << status.platform_id()
      << ", version " << status.version() << ", up since " << words(status.started()) << '\n'
      << status.instances() << " instances, " << status.open_holds() << " open holds, "
      << status.running_operations() << " operations under way, " << status.obligations()
      << " releases not yet confirmed\n";
  Table table({"CHILD", "KIND", "ADDRESS", "CONNECTED", "OFFERS", "CATALOGUE", "GOOD UNTIL"});
  for (const auto& child : status.child())
    table.add({child.name(), child.kind(), child.address(), child.connected() ? "yes" : "no",
               std::to_string(child.offers()), std::to_string(child.catalogue_revision()),
               words(child.catalogue_expires())});
  if (table.empty()) return;
  out << '\n';
  table.print(out);
  for (const auto& child : status.child())
    if (child.has_error()) out << child.name() << ": " << describe(child.error()) << '\n';
}

int parts(Session& session, const std::string& instance) {
  const Terminal& terminal = session.terminal();
  v1::ListPartsRequest request;
  request.set_ns_instance_id(instance);
  int outside = 0;
  const int status = ask_all<v1::ListPartsResponse>(
      session, kListParts, request, [&](const v1::ListPartsResponse& all) {
        for (const auto& part : all.part()) {
          terminal.out << terminal.paint(Colour::kBold, part.child()) << "  " << part.state()
                       << "  " << part.delegated_id() << "  of instance " << part.instance_id()
                       << '\n';
          outside += print_proof_check(terminal, part.hold().proof(), part.hold().envelope(), "  ");
        }
      });
  return outside == 0 ? status : 1;
}

int resources(Session& session, const std::string& hold) {
  const Terminal& terminal = session.terminal();
  v1::ListResourcesRequest request;
  request.set_hold_id(hold);
  return ask<v1::ListResourcesResponse>(
      session, kListResources, request, [&](const v1::ListResourcesResponse& all) {
        Table table({"KIND", "NAME", "FUNCTION", "WHERE", "HOLD"});
        for (const auto& one : all.resource())
          table.add({one.kind(), one.name(),
                     one.vnf_profile_id().empty()
                         ? ""
                         : one.vnf_profile_id() + " #" + std::to_string(one.index()),
                     one.where(), short_id(terminal, one.hold_id())});
        table.print(terminal.out);
      });
}

}  // namespace

void add_platform_commands(CLI::App& app, Chosen& chosen) {
  auto& group = add_group(app, "platform", "A platform as its own administrator sees it");
  const auto id = std::make_shared<std::string>();
  chosen.on(add_command(group, "status", "How it is, and how its children are",
                        "terrace -p regional platform status"),
            [](Session& session) {
              return ask<v1::PlatformStatus>(session, kGetStatus, v1::GetStatusRequest(),
                                             [&](const v1::PlatformStatus& status) {
                                               print_status(session.terminal(), status);
                                             });
            });
  auto& divided = add_command(group, "parts", "How instances were divided among its children",
                              "terrace -p regional platform parts");
  divided.add_option("--instance", *id, "Of this instance only, by id");
  chosen.on(divided, [id](Session& session) { return parts(session, *id); });
  auto& made = add_command(group, "resources", "What its infrastructure really made",
                           "terrace -p edge platform resources");
  made.add_option("--hold", *id, "Of this hold only");
  chosen.on(made, [id](Session& session) { return resources(session, *id); });
}

}  // namespace terrace::cli
