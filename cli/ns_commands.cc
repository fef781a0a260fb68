// `terrace ns`: network services, from plan to termination.
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cli/methods.h"
#include "cli/ns_view.h"
#include "cli/order_options.h"
#include "cli/placing.h"
#include "cli/progress.h"
#include "cli/words.h"
#include "terrace/v1/hold_service.pb.h"
#include "terrace/v1/ns_lifecycle_service.pb.h"
#include "terrace/v1/platform_service.pb.h"

namespace terrace::cli {
namespace {

struct NsOptions {
  std::string name;
  std::string description;
  std::string plan_file;
  bool no_wait = false;
  bool remove = false;
  bool proof = false;
  OrderOptions order;
};
using Shared = std::shared_ptr<NsOptions>;

Result<v1::Hold> plan(Session& session, const NsOptions& options) {
  auto order = make_order(options.order);
  if (!order.ok()) return std::move(order).problem();
  auto client = session.client();
  if (!client.ok()) return std::move(client).problem();
  auto fragment = make_fragment(**client, *order);
  if (!fragment.ok()) return std::move(fragment).problem();
  v1::PlaceHoldRequest request;
  request.set_hold_id(session.new_id());
  request.set_dry(true);
  *request.mutable_fragment() = *std::move(fragment);
  return (*client)->call<v1::Hold>(kPlaceHold, request);
}

int run_plan(Session& session, const NsOptions& options) {
  const auto hold = plan(session, options);
  const Terminal& terminal = session.terminal();
  if (!hold.ok()) return fail(terminal, hold.problem());
  if (terminal.json()) terminal.out << to_json(*hold);
  if (hold->state() == v1::Hold::REFUSED) return fail(terminal, hold->error());
  if (!terminal.json()) print_tree(terminal.out, plan_tree(terminal, *hold));
  return 0;
}

Result<v1::NsInstance> create(Session& session, Client& client, const std::string& name,
                              const std::string& nsd, const std::string& description) {
  if (nsd.empty())
    return make_problem(Problem::INVALID_ARGUMENT, "cli.argument", "Which service is ordered?")
        .at_path("--nsd")
        .possible("Name its descriptor: --nsd ID, or `nsd:` in the order file.");
  v1::CreateNsRequest request;
  request.set_ns_instance_id(session.new_id());
  request.set_nsd_id(nsd);
  request.set_ns_name(name);
  request.set_ns_description(description);
  return client.call<v1::NsInstance>(kCreateNs, request);
}

int run_create(Session& session, const NsOptions& options) {
  const Terminal& terminal = session.terminal();
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  const auto made = create(session, **client, options.name, options.order.nsd, options.description);
  if (!made.ok()) return fail(terminal, made.problem());
  if (terminal.json())
    terminal.out << to_json(*made);
  else
    terminal.out << options.name << " is created: " << made->id() << '\n';
  return 0;
}

// What is ordered: the order file and options; a plan brings its own order along.
Result<Order> what_is_ordered(const NsOptions& options, std::string& plan_digest) {
  auto order = make_order(options.order);
  if (!order.ok() || options.plan_file.empty()) return order;
  auto planned = read_plan(options.plan_file);
  if (!planned.ok()) return std::move(planned).problem();
  plan_digest = planned->plan_digest();
  if (order->nsd.empty()) order->nsd = planned->fragment().nsd().id();
  if (order->body.ByteSizeLong() == 0) order->body = planned->fragment().params();
  return order;
}

struct Begun {
  v1::NsInstance instance;
  bool created = false;
};

// The instance that has the name, or a new one.
Result<Begun> begin(Session& session, Client& client, const NsOptions& options,
                    const Order& order) {
  auto found = find_instance(client, options.name);
  if (found.ok()) {
    if (order.nsd.empty() || order.nsd == found->nsd_id() || order.nsd == found->nsd_info_id())
      return Begun{*std::move(found), false};
    return make_problem(Problem::FAILED_PRECONDITION, "cli.other-service",
                        "`" + options.name + "` is there already, and is another service.")
        .at_resource("ns-instance/" + found->id())
        .constraint("nsd", order.nsd, found->nsd_id())
        .possible("Choose another name, or delete that one: terrace ns delete " + options.name);
  }
  if (found.problem().type() != "cli.no-such-instance") return std::move(found).problem();
  auto made = create(session, client, options.name, order.nsd, order.description);
  if (!made.ok()) return std::move(made).problem();
  return Begun{*std::move(made), true};
}

Status remove(Client& client, const std::string& id) {
  v1::DeleteNsRequest request;
  request.set_ns_instance_id(id);
  auto gone = client.call<google::protobuf::Empty>(kDeleteNs, request);
  return gone.ok() ? Status() : Status(gone.problem());
}

// An instance that this very command created, and whose order came to nothing, is nobody's.
void tidy(Client& client, const Terminal& terminal, const Begun& begun) {
  if (!begun.created) return;
  if (const Status gone = remove(client, begun.instance.id()); !gone)
    fail(terminal, gone.problem());
}

Result<v1::NsLcmOpOcc> order_it(Session& session, Client& client, const Begun& begun, Order order,
                                const std::string& plan_digest) {
  if (Status named = resolve_attachments(client, order.body); !named)
    return std::move(named).problem();
  v1::InstantiateRequest request;
  request.set_ns_instance_id(begun.instance.id());
  request.set_operation_id(session.new_id());
  request.set_plan_digest(plan_digest);
  *request.mutable_body() = std::move(order.body);
  return client.call<v1::NsLcmOpOcc>(kInstantiateNs, request);
}

int run_instantiate(Session& session, const NsOptions& options) {
  const Terminal& terminal = session.terminal();
  std::string plan_digest;
  auto order = what_is_ordered(options, plan_digest);
  if (!order.ok()) return fail(terminal, order.problem());
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  auto begun = begin(session, **client, options, *order);
  if (!begun.ok()) return fail(terminal, begun.problem());
  auto operation = order_it(session, **client, *begun, *std::move(order), plan_digest);
  if (!operation.ok()) {
    tidy(**client, terminal, *begun);
    return fail(terminal, operation.problem());
  }
  if (options.no_wait) {
    if (terminal.json())
      terminal.out << to_json(*operation);
    else
      terminal.out << "under way; see: terrace op watch " << operation->id() << '\n';
    return 0;
  }
  terminal.progress() << "instantiating " << options.name << " (operation " << operation->id()
                      << ")\n";
  auto last = follow(**client, terminal, operation->id());
  if (!last.ok()) return fail(terminal, last.problem());
  if (last->operation_state() == v1::NsLcmOpOcc::ROLLED_BACK) tidy(**client, terminal, *begun);
  return conclude(terminal, *last, options.name + " is instantiated: " + begun->instance.id());
}

int run_terminate(Session& session, const NsOptions& options) {
  const Terminal& terminal = session.terminal();
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  auto instance = find_instance(**client, options.name);
  if (!instance.ok()) return fail(terminal, instance.problem());
  v1::TerminateRequest request;
  request.set_ns_instance_id(instance->id());
  request.set_operation_id(session.new_id());
  auto operation = (*client)->call<v1::NsLcmOpOcc>(kTerminateNs, request);
  if (!operation.ok()) return fail(terminal, operation.problem());
  if (options.no_wait) {
    if (terminal.json())
      terminal.out << to_json(*operation);
    else
      terminal.out << "under way; see: terrace op watch " << operation->id() << '\n';
    return 0;
  }
  terminal.progress() << "terminating " << options.name << " (operation " << operation->id()
                      << ")\n";
  auto last = follow(**client, terminal, operation->id());
  if (!last.ok()) return fail(terminal, last.problem());
  if (options.remove && last->operation_state() == v1::NsLcmOpOcc::COMPLETED)
    if (const Status gone = remove(**client, instance->id()); !gone)
      return fail(terminal, gone.problem());
  const char* const done = options.remove ? " is terminated and deleted" : " is terminated";
  return conclude(terminal, *last, options.name + done);
}

int run_show(Session& session, const NsOptions& options) {
  const Terminal& terminal = session.terminal();
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  auto instance = find_instance(**client, options.name);
  if (!instance.ok()) return fail(terminal, instance.problem());
  if (options.proof) {
    if (terminal.json()) terminal.out << to_json(instance->proof());
    const int outside =
        terminal.json() ? 0 : print_proof_check(terminal, instance->proof(), instance->envelope());
    return outside == 0 ? 0 : 1;
  }
  if (terminal.json()) {
    terminal.out << to_json(*instance);
    return 0;
  }
  // For the platform's administrator only; to others the tree ends here.
  std::vector<v1::Part> parts;
  v1::ListPartsRequest request;
  request.set_ns_instance_id(instance->id());
  const auto told = list_all<v1::ListPartsResponse>(**client, kListParts, request);
  if (told.ok()) parts.assign(told->part().begin(), told->part().end());
  print_tree(terminal.out, instance_tree(terminal, *instance, parts));
  return 0;
}

int run_list(Session& session) {
  const Terminal& terminal = session.terminal();
  return ask_all<v1::ListNsResponse>(
      session, kListNs, v1::ListNsRequest(), [&](const v1::ListNsResponse& all) {
        Table table({"NAME", "STATE", "SERVICE", "FLAVOUR", "CREATED", "ID"});
        for (const auto& one : all.ns_instance())
          table.add({one.ns_instance_name(), state(terminal, one.ns_state()), one.nsd_id(),
                     one.flavour_id(), words(one.created()), one.id()});
        table.print(terminal.out);
      });
}

int run_delete(Session& session, const NsOptions& options) {
  const Terminal& terminal = session.terminal();
  auto client = session.client();
  if (!client.ok()) return fail(terminal, client.problem());
  auto instance = find_instance(**client, options.name);
  if (!instance.ok()) return fail(terminal, instance.problem());
  if (const Status gone = remove(**client, instance->id()); !gone)
    return fail(terminal, gone.problem());
  if (!terminal.json()) terminal.out << options.name << " is deleted\n";
  return 0;
}

CLI::App& add_named(CLI::App& group, const Shared& options, const std::string& name,
                    const std::string& what, const std::string& example) {
  auto& command = add_command(group, name, what, example);
  command.add_option("NAME", options->name, "The service's name or id")->required();
  return command;
}

void add_orders(CLI::App& group, Chosen& chosen, const Shared& options) {
  auto& planned = add_command(group, "plan", "What would go where, and what it would cost",
                              "terrace -p top ns plan --order order.yaml -o json > plan.json");
  add_order_options(planned, options->order);
  chosen.on(planned, [options](Session& session) { return run_plan(session, *options); });

  auto& created = add_named(group, options, "create", "Make an instance, not yet instantiated",
                            "terrace -p top ns create shop --nsd web-shop");
  created.add_option("--nsd", options->order.nsd, "The service's descriptor")->required();
  created.add_option("--description", options->description, "For people");
  chosen.on(created, [options](Session& session) { return run_create(session, *options); });

  auto& made =
      add_named(group, options, "instantiate", "Order a service, and wait until it carries traffic",
                "terrace -p top ns instantiate shop --nsd web-shop --level two \\\n"
                "      --sap client=client-side:10.10.1.100/24 --param firewall.allow=tcp/80,icmp");
  add_order_options(made, options->order);
  made.add_option("--plan", options->plan_file, "Exactly this plan (of `ns plan -o json`)");
  made.add_flag("--no-wait", options->no_wait, "Return as soon as the order is taken");
  chosen.on(made, [options](Session& session) { return run_instantiate(session, *options); });
}

}  // namespace

void add_ns_commands(CLI::App& app, Chosen& chosen) {
  auto& group = add_group(app, "ns", "Network services: plan, order, look at, take down");
  const auto options = std::make_shared<NsOptions>();
  add_orders(group, chosen, options);
  auto& shown = add_named(group, options, "show", "All that was chosen, as a tree",
                          "terrace -p top ns show shop");
  shown.add_flag("--proof", options->proof, "Each value beside what its envelope admits");
  chosen.on(shown, [options](Session& session) { return run_show(session, *options); });
  chosen.on(add_command(group, "list", "The services there are", "terrace -p top ns list"),
            run_list);
  auto& ended = add_named(group, options, "terminate", "Take a service down, on every tier",
                          "terrace -p top ns terminate shop --delete");
  ended.add_flag("--no-wait", options->no_wait, "Return as soon as it is recorded");
  ended.add_flag("--delete", options->remove, "Delete the instance, too");
  chosen.on(ended, [options](Session& session) { return run_terminate(session, *options); });
  auto& gone = add_named(group, options, "delete", "Forget an instance that is not instantiated",
                         "terrace -p top ns delete shop");
  chosen.on(gone, [options](Session& session) { return run_delete(session, *options); });
}

}  // namespace terrace::cli
