#include "cli/placing.h"

#include <google/protobuf/util/json_util.h>

#include "base/ids.h"
#include "cli/methods.h"
#include "cli/words.h"
#include "terrace/v1/capability_service.pb.h"
#include "terrace/v1/ns_lifecycle_service.pb.h"
#include "terrace/v1/nsd_service.pb.h"
#include "terrace/v1/vnf_package_service.pb.h"

namespace terrace::cli {

Status resolve_attachments(Client& client, v1::InstantiateNsRequest& body) {
  bool any = false;
  for (const auto& sap : body.sap_data()) any = any || !sap.attachment_point_id().empty();
  if (!any) return {};
  auto catalogue = client.call<v1::Catalogue>(kGetCatalogue, v1::GetCatalogueRequest());
  if (!catalogue.ok()) return std::move(catalogue).problem();
  return name_attachments(body, *catalogue);
}

Result<v1::Fragment> make_fragment(Client& client, const Order& order) {
  if (order.nsd.empty())
    return make_problem(Problem::INVALID_ARGUMENT, "cli.argument", "Which service is ordered?")
        .at_path("--nsd")
        .possible("Name its descriptor: --nsd ID, or `nsd:` in the order file.");
  v1::GetNsdRequest request;
  request.set_id(order.nsd);
  auto got = client.call<v1::GetNsdResponse>(kGetNsd, request);
  if (!got.ok()) return std::move(got).problem();
  v1::Fragment fragment;
  fragment.set_nsd_digest(got->info().digest());
  for (const auto& id : got->nsd().vnfd_id()) {
    v1::GetVnfPackageRequest ask;
    ask.set_id(id);
    auto package = client.call<v1::GetVnfPackageResponse>(kGetVnf, ask);
    if (!package.ok()) return std::move(package).problem();
    auto& function = *fragment.add_function();
    function.set_vnfd_id(id);
    function.set_vnfd_digest(package->info().digest());
    *function.mutable_vnfd() = std::move(*package->mutable_vnfd());
  }
  *fragment.mutable_nsd() = std::move(*got->mutable_nsd());
  *fragment.mutable_params() = order.body;
  if (Status named = resolve_attachments(client, *fragment.mutable_params()); !named)
    return std::move(named).problem();
  return fragment;
}

Result<v1::Hold> read_plan(const std::string& path) {
  auto text = read_file(path);
  if (!text.ok()) return std::move(text).problem();
  v1::Hold plan;
  const auto read = google::protobuf::util::JsonStringToMessage(*text, &plan);
  if (read.ok() && !plan.plan_digest().empty()) return plan;
  Problem::Where where;
  where.set_file(path);
  return make_problem(Problem::INVALID_ARGUMENT, "cli.no-plan",
                      read.ok() ? "The file holds no plan: it has no planDigest."
                                : "The file holds no plan: " + std::string(read.message()))
      .at(where)
      .possible("Make one: terrace ns plan --order FILE -o json > plan.json");
}

Result<v1::NsInstance> find_instance(Client& client, const std::string& name) {
  if (is_uuid(name)) {
    v1::GetNsRequest request;
    request.set_ns_instance_id(name);
    return client.call<v1::NsInstance>(kGetNs, request);
  }
  auto all = list_all<v1::ListNsResponse>(client, kListNs, v1::ListNsRequest());
  if (!all.ok()) return std::move(all).problem();
  std::vector<std::string> names, ids;
  const v1::NsInstance* found = nullptr;
  for (const auto& instance : all->ns_instance()) {
    if (!instance.ns_instance_name().empty()) names.push_back(instance.ns_instance_name());
    if (instance.ns_instance_name() != name) continue;
    found = &instance;
    ids.push_back(instance.id());
  }
  if (ids.size() == 1) return *found;
  if (ids.empty())
    return make_problem(Problem::NOT_FOUND, "cli.no-such-instance",
                        "There is no network service `" + name + "` here.")
        .at_resource(client.address())
        .possible(names.empty() ? "There are none yet: terrace ns instantiate NAME --nsd ID."
                                : "One of: " + joined(names) + ".");
  return make_problem(Problem::FAILED_PRECONDITION, "cli.ambiguous-name",
                      "Several network services are named `" + name + "`.")
      .at_resource(client.address())
      .possible("Name it by its id: " + joined(ids) + ".");
}

}  // namespace terrace::cli
