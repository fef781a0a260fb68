// `terrace catalogue`: what a platform offers.
#include <ostream>

#include "cli/command.h"
#include "cli/methods.h"
#include "cli/table.h"
#include "cli/words.h"
#include "terrace/v1/capability_service.pb.h"

namespace terrace::cli {
namespace {

std::string segments(const v1::Interconnect& interconnect) {
  std::string text;
  for (const auto& ids : interconnect.segment_ids()) {
    text += (text.empty() ? "" : ", ") + std::to_string(ids.wan_segment_id_value());
    if (ids.has_wan_segment_id_upper_range())
      text += "-" + std::to_string(ids.wan_segment_id_upper_range());
  }
  return text;
}

void print_offers(const Terminal& terminal, const v1::Catalogue& catalogue) {
  Table table({"OFFER", "WHAT", "WHERE", "LEFT", "PRICE", "ID"});
  for (const auto& offer : catalogue.offer()) {
    const char* const kind = offer.has_function()          ? "function"
                             : offer.has_network_service() ? "service"
                                                           : "connection";
    const auto& place = offer.location();
    const std::string where = terminal.wide() || place.zone().empty() ? words(place) : place.zone();
    std::string left = capacity_words(offer.capacity());
    if (!terminal.wide()) left = left.substr(0, left.find(','));
    table.add(
        {kind, words(offer), where, left, words(offer.price()), short_id(terminal, offer.id())});
  }
  table.print(terminal.out);
}

void print_catalogue(const Terminal& terminal, const v1::Catalogue& catalogue) {
  terminal.out << terminal.paint(Colour::kBold, catalogue.provider()) << "  platform "
               << catalogue.platform_id() << ", revision " << catalogue.revision()
               << ", good until " << words(catalogue.expires()) << "\n\n";
  print_offers(terminal, catalogue);
  if (catalogue.attachment_point_size() > 0) {
    Table table({"ATTACHMENT POINT", "WHERE", "IN USE", "ID"});
    for (const auto& point : catalogue.attachment_point())
      table.add({point.name(), words(point.location()), point.in_use() ? "yes" : "no",
                 short_id(terminal, point.id())});
    terminal.out << '\n';
    table.print(terminal.out);
  }
  if (catalogue.interconnect_size() > 0) {
    Table table({"INTERCONNECT", "UNDERLAY", "SEGMENTS", "MTU", "WHERE"});
    for (const auto& interconnect : catalogue.interconnect())
      table.add({short_id(terminal, interconnect.id()), interconnect.underlay(),
                 segments(interconnect), std::to_string(interconnect.mtu()),
                 words(interconnect.location())});
    terminal.out << '\n';
    table.print(terminal.out);
  }
}

void print_delta(const Terminal& terminal, const v1::CatalogueDelta& delta) {
  auto& out = terminal.out;
  for (const auto& offer : delta.offer())
    out << "revision " << delta.revision() << "  offer " << short_id(terminal, offer.id()) << " "
        << words(offer) << ": " << capacity_words(offer.capacity()) << ", " << words(offer.price())
        << '\n';
  for (const auto& point : delta.attachment_point())
    out << "revision " << delta.revision() << "  attachment point " << point.name() << ": "
        << (point.in_use() ? "in use" : "free") << '\n';
  for (const auto& interconnect : delta.interconnect())
    out << "revision " << delta.revision() << "  interconnect " << interconnect.id() << ": "
        << segments(interconnect) << '\n';
  for (const auto* const gone :
       {&delta.deleted_offer(), &delta.deleted_attachment_point(), &delta.deleted_interconnect()})
    for (const auto& id : *gone)
      out << "revision " << delta.revision() << "  gone: " << short_id(terminal, id) << '\n';
}

int watch(Session& session) {
  auto client = session.client();
  if (!client.ok()) return fail(session.terminal(), client.problem());
  const Terminal& terminal = session.terminal();
  const Status ended = (*client)->watch<v1::CatalogueEvent>(
      kWatchCatalogue, v1::WatchCatalogueRequest(), [&](const v1::CatalogueEvent& event) {
        if (terminal.json())
          terminal.out << to_json(event);
        else if (event.type() == v1::CatalogueEvent::SNAPSHOT) {
          print_catalogue(terminal, event.snapshot());
          terminal.out << '\n';
        } else if (event.type() == v1::CatalogueEvent::DELTA) {
          print_delta(terminal, event.delta());
        }
        terminal.out.flush();
        return terminal.out.good();
      });
  return ended ? 0 : fail(terminal, ended.problem());
}

}  // namespace

void add_catalogue_commands(CLI::App& app, Chosen& chosen) {
  auto& group = add_group(app, "catalogue", "What a platform offers, where, and for how much");
  chosen.on(add_command(group, "show", "The catalogue as it is now",
                        "terrace -p top catalogue show -o wide"),
            [](Session& session) {
              return ask<v1::Catalogue>(session, kGetCatalogue, v1::GetCatalogueRequest(),
                                        [&](const v1::Catalogue& catalogue) {
                                          print_catalogue(session.terminal(), catalogue);
                                        });
            });
  chosen.on(add_command(group, "watch", "The catalogue, and then every change of it",
                        "terrace -p top catalogue watch"),
            watch);
}

}  // namespace terrace::cli
