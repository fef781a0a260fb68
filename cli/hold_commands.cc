// `terrace hold`: what is set aside.
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cli/methods.h"
#include "cli/ns_view.h"
#include "cli/order_options.h"
#include "cli/placing.h"
#include "cli/words.h"
#include "terrace/v1/hold_service.pb.h"

namespace terrace::cli {
namespace {

struct HoldOptions {
  std::string id;
  bool all = false;
  bool proof = false;
  OrderOptions order;
};
using Shared = std::shared_ptr<HoldOptions>;

int show_hold(const Terminal& terminal, const v1::Hold& hold) {
  if (hold.state() == v1::Hold::REFUSED && hold.has_error()) return fail(terminal, hold.error());
  print_tree(terminal.out, hold_tree(terminal, hold));
  // A replay of one that has ended: nothing is set aside.
  if (hold.state() != v1::Hold::HELD)
    return fail(terminal, make_problem(Problem::FAILED_PRECONDITION, "cli.hold-ended",
                                       "This hold has ended; nothing is set aside.")
                              .at_resource("hold/" + hold.id())
                              .constraint("state", "HELD", v1::Hold::State_Name(hold.state()))
                              .possible("Place a new one, under another id."));
  return 0;
}

int place(Session& session, const HoldOptions& options) {
  const Terminal& terminal = session.terminal();
  auto order = make_order(options.order);
  if (!order.ok()) return fail(terminal, order.problem());
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  auto fragment = make_fragment(**client, *order);
  if (!fragment.ok()) return fail(terminal, fragment.problem());
  v1::PlaceHoldRequest request;
  request.set_hold_id(options.id.empty() ? session.new_id() : options.id);
  *request.mutable_fragment() = *std::move(fragment);
  const auto hold = (*client)->call<v1::Hold>(kPlaceHold, request);
  if (!hold.ok()) return fail(terminal, hold.problem());
  if (terminal.json()) {
    terminal.out << to_json(*hold);
    return hold->state() == v1::Hold::HELD ? 0 : 1;
  }
  return show_hold(terminal, *hold);
}

bool is_over(v1::Hold::State state) {
  return state == v1::Hold::RELEASED || state == v1::Hold::EXPIRED || state == v1::Hold::REFUSED ||
         state == v1::Hold::ROLLED_BACK;
}

int list(Session& session, const HoldOptions& options) {
  const Terminal& terminal = session.terminal();
  v1::ListHoldsRequest request;
  if (!options.all)
    for (int state = v1::Hold::State_MIN; state <= v1::Hold::State_MAX; ++state)
      if (state != v1::Hold::STATE_UNSPECIFIED && !is_over(static_cast<v1::Hold::State>(state)))
        request.add_state(static_cast<v1::Hold::State>(state));
  return ask_all<v1::ListHoldsResponse>(
      session, kListHolds, request, [&](const v1::ListHoldsResponse& all) {
        Table table({"ID", "STATE", "SERVICE", "FUNCTIONS", "UNTIL"});
        for (const auto& hold : all.hold()) {
          std::vector<std::string> functions;
          for (const auto& vnf : hold.proof().vnf()) functions.push_back(vnf.vnf_profile_id());
          table.add({hold.id(), state(terminal, hold.state()), hold.fragment().nsd().id(),
                     joined(functions),
                     hold.state() == v1::Hold::HELD ? words(hold.expires()) : ""});
        }
        table.print(terminal.out);
      });
}

int show(Session& session, const HoldOptions& options) {
  const Terminal& terminal = session.terminal();
  v1::GetHoldRequest request;
  request.set_hold_id(options.id);
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  const auto hold = (*client)->call<v1::Hold>(kGetHold, request);
  if (!hold.ok()) return fail(terminal, hold.problem());
  if (terminal.json()) {
    terminal.out << to_json(*hold);
    return 0;
  }
  if (options.proof)
    return print_proof_check(terminal, hold->proof(), hold->envelope()) == 0 ? 0 : 1;
  print_tree(terminal.out, hold_tree(terminal, *hold));
  return 0;
}

// Until the release that was recorded is carried out.
Result<v1::Hold> wait_released(Client& client, v1::Hold hold) {
  v1::WatchRequest request;
  request.add_kind("hold");
  const Status watched =
      client.watch<v1::WatchEvent>(kWatch, request, [&](const v1::WatchEvent& event) {
        if (event.has_hold() && event.hold().id() == hold.id()) hold = event.hold();
        const bool gone = event.type() == v1::WatchEvent::DELETE && event.id() == hold.id();
        return !gone && !is_over(hold.state()) && hold.state() != v1::Hold::FAILED;
      });
  if (!watched) return watched.problem();
  return hold;
}

int release(Session& session, const HoldOptions& options) {
  const Terminal& terminal = session.terminal();
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  v1::ReleaseHoldRequest request;
  request.set_hold_id(options.id);
  request.set_mode(v1::ReleaseHoldRequest::UNDO);
  auto hold = (*client)->call<v1::Hold>(kReleaseHold, request);
  if (hold.ok() && !is_over(hold->state())) hold = wait_released(**client, *hold);
  if (!hold.ok()) return fail(terminal, hold.problem());
  if (terminal.json()) terminal.out << to_json(*hold);
  if (hold->state() == v1::Hold::FAILED) return fail(terminal, hold->error());
  if (!terminal.json())
    terminal.out << options.id << " is " << state(terminal, hold->state()) << '\n';
  return 0;
}

}  // namespace

void add_hold_commands(CLI::App& app, Chosen& chosen) {
  auto& group = add_group(app, "hold", "What is set aside for an order, or was made for it");
  const auto options = std::make_shared<HoldOptions>();
  auto& placed = add_command(group, "place", "Set aside what an order would need, for a while",
                             "terrace -p top hold place --order order.yaml");
  add_order_options(placed, options->order);
  placed.add_option("--id", options->id, "The hold's id, a UUID of your own choice");
  chosen.on(placed, [options](Session& session) { return place(session, *options); });
  auto& listed =
      add_command(group, "list", "The holds there are", "terrace -p top hold list --all");
  listed.add_flag("--all", options->all, "Those that have ended, too");
  chosen.on(listed, [options](Session& session) { return list(session, *options); });
  auto& shown = add_command(group, "show", "One hold, with every value chosen",
                            "terrace -p top hold show ID --proof");
  shown.add_option("ID", options->id, "Its id")->required();
  shown.add_flag("--proof", options->proof, "Each value beside what its envelope admits");
  chosen.on(shown, [options](Session& session) { return show(session, *options); });
  auto& gone = add_command(group, "release", "Let go of it, or take down what was made of it",
                           "terrace -p top hold release ID");
  gone.add_option("ID", options->id, "Its id")->required();
  chosen.on(gone, [options](Session& session) { return release(session, *options); });
}

}  // namespace terrace::cli
