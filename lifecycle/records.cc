#include "lifecycle/records.h"

namespace terrace {

Problem not_found(const std::string& kind, const std::string& id) {
  return make_problem(Problem::NOT_FOUND, kind + ".not-found", "There is no such " + kind + ".")
      .at_resource(kind + "/" + id)
      .possible("List them to see which there are; another tenant's are not shown.");
}

Problem already_exists(const std::string& kind, const std::string& id) {
  return make_problem(Problem::ALREADY_EXISTS, kind + ".exists",
                      "This id is taken by a request with another body.")
      .at_resource(kind + "/" + id)
      .possible("Choose another id, or repeat the first request exactly as it was sent.");
}

std::string etag_of(const Record& record) {
  return std::to_string(record.version) + "-" + std::to_string(record.revision);
}

}  // namespace terrace
