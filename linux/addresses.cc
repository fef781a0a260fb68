// Addresses, neighbours and forwarding entries.
#include <linux/neighbour.h>
#include <netlink/route/addr.h>
#include <netlink/route/neighbour.h>

#include <linux/if_addr.h>
#include <cerrno>
#include <map>

#include "linux/error.h"
#include "linux/links.h"
#include "linux/nl.h"

namespace terrace::kernel {

namespace {

using AddrObject = std::unique_ptr<rtnl_addr, nl::Freed<rtnl_addr_put>>;
using NeighObject = std::unique_ptr<rtnl_neigh, nl::Freed<rtnl_neigh_put>>;

std::string on_link(std::string_view kind, std::string_view what, std::string_view link) {
  return std::string(kind) + "/" + std::string(what) + "@" + std::string(link);
}

// Deleting what is not there is no failure.
Status unless_missing(Status status) {
  if (!status && status.problem().code() == Problem::NOT_FOUND) return {};
  return status;
}

Result<AddrObject> address_object(int index, std::string_view text) {
  const auto prefix = nl::parse_prefix(text);
  if (!prefix) return prefix.problem();
  AddrObject object(rtnl_addr_alloc());
  if (!object) return errno_problem(ENOMEM, "describe an address", text);
  rtnl_addr_set_ifindex(object.get(), index);
  rtnl_addr_set_local(object.get(), prefix->get());
  // The platform chose the address and knows that it is unique; detection would cost a second.
  if (nl_addr_get_family(prefix->get()) == AF_INET6) {
    rtnl_addr_set_flags(object.get(), IFA_F_NODAD);
  }
  return object;
}

Result<NeighObject> neighbour_object(int index, const Neighbour& neighbour) {
  const auto address = nl::parse_address(neighbour.address);
  if (!address) return address.problem();
  NeighObject object(rtnl_neigh_alloc());
  if (!object) return errno_problem(ENOMEM, "describe a neighbour", neighbour.address);
  rtnl_neigh_set_ifindex(object.get(), index);
  rtnl_neigh_set_dst(object.get(), address->get());
  rtnl_neigh_set_state(object.get(), neighbour.permanent ? NUD_PERMANENT : NUD_REACHABLE);
  if (neighbour.mac.empty()) return object;
  const auto mac = nl::parse_mac(neighbour.mac);
  if (!mac) return mac.problem();
  rtnl_neigh_set_lladdr(object.get(), mac->get());
  return object;
}

Result<NeighObject> forwarding_object(int index, const Forwarding& entry) {
  const auto mac = nl::parse_mac(entry.mac);
  if (!mac) return mac.problem();
  const auto destination = nl::parse_address(entry.destination);
  if (!destination) return destination.problem();
  NeighObject object(rtnl_neigh_alloc());
  if (!object) return errno_problem(ENOMEM, "describe a forwarding entry", entry.destination);
  rtnl_neigh_set_ifindex(object.get(), index);
  // The order matters: libnl compares the destination's family with the object's, which has to be
  // AF_BRIDGE in the end.
  rtnl_neigh_set_flags(object.get(), NTF_SELF);
  rtnl_neigh_set_state(object.get(), NUD_NOARP | NUD_PERMANENT);
  rtnl_neigh_set_lladdr(object.get(), mac->get());
  rtnl_neigh_set_dst(object.get(), destination->get());
  rtnl_neigh_set_family(object.get(), AF_BRIDGE);
  return object;
}

std::string bytes_text(const nlattr* attribute) {
  const int size = nla_len(attribute);
  const int family = size == 4 ? AF_INET : size == 16 ? AF_INET6 : AF_LLC;
  const nl::Addr address(nl_addr_build(family, nla_data(attribute), static_cast<size_t>(size)));
  return nl::address_text(address.get());
}

// Shows the attributes of every neighbour or forwarding entry of one link. Not by libnl's cache,
// which takes two far ends of one MAC for the same thing.
int dump_neighbours(nl_sock* socket, int family, int index, const std::function<void()>& restart,
                    const std::function<void(const ndmsg&, nlattr**)>& show) {
  ndmsg header{};
  header.ndm_family = static_cast<unsigned char>(family);
  return nl::dump(socket, RTM_GETNEIGH, &header, sizeof header, restart, [&](nlmsghdr* message) {
    const auto& entry = *static_cast<const ndmsg*>(nlmsg_data(message));
    nlattr* attributes[NDA_MAX + 1] = {};
    const bool parsed = nlmsg_parse(message, sizeof(ndmsg), attributes, NDA_MAX, nullptr) >= 0;
    if (parsed && entry.ndm_ifindex == index) show(entry, attributes);
  });
}

}  // namespace

Status Netlink::add_address(std::string_view link, std::string_view address) {
  const auto index = index_of(link);
  if (!index) return index.problem();
  const auto object = address_object(*index, address);
  if (!object) return object.problem();
  return with_socket("add an address", on_link("address", address, link), [&](nl_sock* socket) {
    return rtnl_addr_add(socket, object->get(), NLM_F_CREATE | NLM_F_EXCL);
  });
}

Status Netlink::delete_address(std::string_view link, std::string_view address) {
  const auto index = index_of(link);
  if (!index) return unless_missing(index.problem());
  const auto object = address_object(*index, address);
  if (!object) return object.problem();
  return unless_missing(
      with_socket("delete an address", on_link("address", address, link),
                  [&](nl_sock* socket) { return rtnl_addr_delete(socket, object->get(), 0); }));
}

Result<std::vector<Address>> Netlink::addresses() {
  const auto all = links();
  if (!all) return all.problem();
  std::map<int, std::vector<Address>> by_link;
  std::map<int, std::string> names;
  for (const auto& link : *all) names[link.index] = link.name;
  Status read = with_socket("list addresses", "addresses", [&](nl_sock* socket) {
    nl::Cache cache;
    const int code =
        nl::fill_cache(cache, [&](nl_cache** raw) { return rtnl_addr_alloc_cache(socket, raw); });
    if (code < 0) return code;
    nl::for_each<rtnl_addr>(cache.get(), [&](rtnl_addr* address) {
      const int index = rtnl_addr_get_ifindex(address);
      const auto name = names.find(index);
      if (name == names.end()) return;  // its link came after we looked
      by_link[index].push_back({name->second, nl::prefix_text(rtnl_addr_get_local(address))});
    });
    return 0;
  });
  if (!read) return std::move(read).problem();
  std::vector<Address> addresses;
  for (auto& [index, of_link] : by_link) {
    for (auto& address : of_link) addresses.push_back(std::move(address));
  }
  return addresses;
}

Status Netlink::add_neighbour(const Neighbour& neighbour) {
  const auto index = index_of(neighbour.link);
  if (!index) return index.problem();
  const auto object = neighbour_object(*index, neighbour);
  if (!object) return object.problem();
  const auto where = on_link("neighbour", neighbour.address, neighbour.link);
  return with_socket("add a neighbour", where, [&](nl_sock* socket) {
    return rtnl_neigh_add(socket, object->get(), NLM_F_CREATE | NLM_F_REPLACE);
  });
}

Status Netlink::delete_neighbour(const Neighbour& neighbour) {
  const auto index = index_of(neighbour.link);
  if (!index) return unless_missing(index.problem());
  const auto object = neighbour_object(*index, neighbour);
  if (!object) return object.problem();
  const auto where = on_link("neighbour", neighbour.address, neighbour.link);
  return unless_missing(with_socket("delete a neighbour", where, [&](nl_sock* socket) {
    return rtnl_neigh_delete(socket, object->get(), 0);
  }));
}

Result<std::vector<Neighbour>> Netlink::neighbours(std::string_view link) {
  const auto index = index_of(link);
  if (!index) return index.problem();
  std::vector<Neighbour> found;
  const std::string where = "link/" + std::string(link);
  Status read = with_socket("list neighbours", where, [&](nl_sock* socket) {
    return dump_neighbours(
        socket, AF_UNSPEC, *index, [&] { found.clear(); },
        [&](const ndmsg& entry, nlattr** attributes) {
          if (entry.ndm_family == AF_BRIDGE || attributes[NDA_DST] == nullptr) return;
          if ((entry.ndm_state & NUD_NOARP) != 0) return;  // multicast and the like
          const auto* mac = attributes[NDA_LLADDR];
          found.push_back({std::string(link), bytes_text(attributes[NDA_DST]),
                           mac == nullptr ? "" : bytes_text(mac),
                           (entry.ndm_state & NUD_PERMANENT) != 0});
        });
  });
  if (!read) return std::move(read).problem();
  return found;
}

Status Netlink::add_forwarding(std::string_view vxlan, const Forwarding& entry) {
  const auto index = index_of(vxlan);
  if (!index) return index.problem();
  const auto object = forwarding_object(*index, entry);
  if (!object) return object.problem();
  const int how = entry.mac == kFloodMac ? NLM_F_APPEND : NLM_F_REPLACE;
  const auto where = on_link("forwarding", entry.mac + "->" + entry.destination, vxlan);
  return with_socket("add a forwarding entry", where, [&](nl_sock* socket) {
    return rtnl_neigh_add(socket, object->get(), NLM_F_CREATE | how);
  });
}

Status Netlink::delete_forwarding(std::string_view vxlan, const Forwarding& entry) {
  const auto index = index_of(vxlan);
  if (!index) return unless_missing(index.problem());
  const auto object = forwarding_object(*index, entry);
  if (!object) return object.problem();
  const auto where = on_link("forwarding", entry.mac + "->" + entry.destination, vxlan);
  return unless_missing(with_socket("delete a forwarding entry", where, [&](nl_sock* socket) {
    return rtnl_neigh_delete(socket, object->get(), 0);
  }));
}

Result<std::vector<Forwarding>> Netlink::forwarding(std::string_view vxlan) {
  const auto index = index_of(vxlan);
  if (!index) return index.problem();
  std::vector<Forwarding> found;
  const std::string where = "link/" + std::string(vxlan);
  Status read = with_socket("list forwarding entries", where, [&](nl_sock* socket) {
    return dump_neighbours(
        socket, AF_BRIDGE, *index, [&] { found.clear(); },
        [&](const ndmsg&, nlattr** attributes) {
          if (attributes[NDA_LLADDR] == nullptr || attributes[NDA_DST] == nullptr) return;
          found.push_back({bytes_text(attributes[NDA_LLADDR]), bytes_text(attributes[NDA_DST])});
        });
  });
  if (!read) return std::move(read).problem();
  return found;
}

}  // namespace terrace::kernel
