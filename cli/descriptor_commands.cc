// `terrace nsd` and `terrace vnfd`: descriptors, checked here or on board of a platform.
#include <memory>
#include <ostream>

#include "catalog/descriptor_importer.h"
#include "cli/command.h"
#include "cli/methods.h"
#include "cli/order.h"
#include "cli/table.h"
#include "cli/words.h"
#include "terrace/v1/nsd_service.pb.h"
#include "terrace/v1/vnf_package_service.pb.h"

namespace terrace::cli {
namespace {

// NSDs and VNFDs differ in their messages only.
struct NsdKind {
  using Descriptor = v1::Nsd;
  using Info = v1::NsdInfo;
  using Onboard = v1::OnboardNsdRequest;
  using Get = v1::GetNsdRequest;
  using Got = v1::GetNsdResponse;
  using List = v1::ListNsdsRequest;
  using Listed = v1::ListNsdsResponse;
  using Delete = v1::DeleteNsdRequest;
  static constexpr const char* kName = "nsd";
  static constexpr DescriptorKind kKind = DescriptorKind::kNsd;
  static constexpr const char* kOnboard = kOnboardNsd;
  static constexpr const char* kGet = kGetNsd;
  static constexpr const char* kList = kListNsds;
  static constexpr const char* kDelete = kDeleteNsd;
  static Result<v1::Nsd> import(const std::string& text, const std::string& file,
                                std::vector<Problem>& notes) {
    return import_nsd(text, file, notes);
  }
  static const auto& listed(const Listed& all) { return all.nsd(); }
  static const std::string& id(const Info& info) { return info.nsd_id(); }
  static const std::string& name(const Info& info) { return info.nsd_name(); }
  static const std::string& version(const Info& info) { return info.nsd_version(); }
  static const std::string& maker(const Info& info) { return info.nsd_designer(); }
};

struct VnfdKind {
  using Descriptor = v1::Vnfd;
  using Info = v1::VnfPkgInfo;
  using Onboard = v1::OnboardVnfPackageRequest;
  using Get = v1::GetVnfPackageRequest;
  using Got = v1::GetVnfPackageResponse;
  using List = v1::ListVnfPackagesRequest;
  using Listed = v1::ListVnfPackagesResponse;
  using Delete = v1::DeleteVnfPackageRequest;
  static constexpr const char* kName = "vnfd";
  static constexpr DescriptorKind kKind = DescriptorKind::kVnfd;
  static constexpr const char* kOnboard = kOnboardVnf;
  static constexpr const char* kGet = kGetVnf;
  static constexpr const char* kList = kListVnfs;
  static constexpr const char* kDelete = kDeleteVnf;
  static Result<v1::Vnfd> import(const std::string& text, const std::string& file,
                                 std::vector<Problem>& notes) {
    return import_vnfd(text, file, notes);
  }
  static const auto& listed(const Listed& all) { return all.vnf_package(); }
  static const std::string& id(const Info& info) { return info.vnfd_id(); }
  static const std::string& name(const Info& info) { return info.vnf_product_name(); }
  static const std::string& version(const Info& info) { return info.vnfd_version(); }
  static const std::string& maker(const Info& info) { return info.vnf_provider(); }
};

template <class Notes>
void print_notes(const Terminal& terminal, const Notes& notes) {
  for (const auto& note : notes)
    terminal.err << terminal.paint(Colour::kYellow, "note: ") << describe(note) << '\n';
}

template <class Kind>
int validate(Session& session, const std::vector<std::string>& files) {
  const Terminal& terminal = session.terminal();
  int status = 0;
  for (const auto& file : files) {
    auto text = read_file(file);
    if (!text.ok()) {
      status = fail(terminal, text.problem());
      continue;
    }
    std::vector<Problem> notes;
    const auto descriptor = Kind::import(*text, file, notes);
    if (!descriptor.ok()) {
      status = fail(terminal, descriptor.problem());
      continue;
    }
    print_notes(terminal, notes);
    if (terminal.json())
      terminal.out << to_json(*descriptor);
    else
      terminal.out << file << ": " << Kind::kName << " " << descriptor->id() << " is sound\n";
  }
  return status;
}

v1::DescriptorFormat format_of(const std::string& text, const std::string& file) {
  const auto sort = sniff_descriptor(text, file);
  return sort.ok() ? sort->format : v1::SOL006_YAML;
}

template <class Kind>
int onboard(Session& session, const std::vector<std::string>& files) {
  const Terminal& terminal = session.terminal();
  for (const auto& file : files) {
    auto text = read_file(file);
    if (!text.ok()) return fail(terminal, text.problem());
    typename Kind::Onboard request;
    request.set_file_name(file);
    request.set_format(format_of(*text, file));
    request.set_content(*std::move(text));
    const int status = ask<typename Kind::Info>(
        session, Kind::kOnboard, request, [&](const typename Kind::Info& info) {
          print_notes(terminal, info.note());
          terminal.out << file << ": " << Kind::kName << " " << Kind::id(info) << " is on board ("
                       << info.digest().substr(0, 19) << ")\n";
        });
    if (status != 0) return status;
  }
  return 0;
}

template <class Kind>
int list(Session& session) {
  const Terminal& terminal = session.terminal();
  return ask_all<typename Kind::Listed>(
      session, Kind::kList, typename Kind::List(), [&](const typename Kind::Listed& all) {
        Table table({"ID", "NAME", "VERSION", "BY", "IN USE", "ON BOARD SINCE", "DIGEST"});
        for (const auto& info : Kind::listed(all))
          table.add({Kind::id(info), Kind::name(info), Kind::version(info), Kind::maker(info),
                     info.in_use() ? "yes" : "no", words(info.on_boarded()),
                     terminal.wide() ? info.digest() : info.digest().substr(0, 19)});
        table.print(terminal.out);
      });
}

template <class Kind>
int show(Session& session, const std::string& id) {
  typename Kind::Get request;
  request.set_id(id);
  return ask<typename Kind::Got>(session, Kind::kGet, request, [&](const typename Kind::Got& got) {
    session.terminal().out << got.content();
    if (!got.content().empty() && got.content().back() != '\n') session.terminal().out << '\n';
  });
}

template <class Kind>
int remove(Session& session, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    typename Kind::Delete request;
    request.set_id(id);
    const int status = ask<google::protobuf::Empty>(
        session, Kind::kDelete, request, [&](const google::protobuf::Empty&) {
          session.terminal().out << Kind::kName << " " << id << " is deleted\n";
        });
    if (status != 0) return status;
  }
  return 0;
}

template <class Kind>
void add_kind(CLI::App& app, Chosen& chosen, const std::string& what, const std::string& file) {
  const std::string kind = Kind::kName;
  auto& group = add_group(app, kind, what);
  // Shared by the group's commands, and alive as long as their actions.
  const auto names = std::make_shared<std::vector<std::string>>();
  auto& check = add_command(group, "validate", "Check files here, without a platform",
                            "terrace " + kind + " validate " + file);
  check.add_option("FILE", *names, "YAML or JSON")->required();
  chosen.on(check, [names](Session& session) { return validate<Kind>(session, *names); });
  auto& board = add_command(group, "onboard", "Hand files to the platform",
                            "terrace " + kind + " onboard " + file);
  board.add_option("FILE", *names, "YAML or JSON")->required();
  chosen.on(board, [names](Session& session) { return onboard<Kind>(session, *names); });
  chosen.on(add_command(group, "list", "What is on board", "terrace " + kind + " list -o wide"),
            list<Kind>);
  auto& one = add_command(group, "show", "A descriptor as its author wrote it",
                          "terrace " + kind + " show ID");
  one.add_option("ID", *names, "Its own id, or its id on the platform")->required()->expected(1);
  chosen.on(one, [names](Session& session) { return show<Kind>(session, names->front()); });
  auto& gone =
      add_command(group, "delete", "Take descriptors off board", "terrace " + kind + " delete ID");
  gone.add_option("ID", *names, "Its own id, or its id on the platform")->required();
  chosen.on(gone, [names](Session& session) { return remove<Kind>(session, *names); });
}

}  // namespace

void add_descriptor_commands(CLI::App& app, Chosen& chosen) {
  add_kind<NsdKind>(app, chosen, "Network service descriptors", "web-shop.nsd.yaml");
  add_kind<VnfdKind>(app, chosen, "Network function descriptors", "firewall.vnfd.yaml");
}

}  // namespace terrace::cli
