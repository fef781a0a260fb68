// The example's descriptors, given to a platform over its API.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "tests/support/sandbox.h"

namespace terrace {

inline std::string example(const std::string& file) {
  std::ifstream in(std::string(TERRACE_EXAMPLES) + "/three-tier/descriptors/" + file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// One call of the API, run until it is answered.
template <class R>
Result<R> ask(Sandbox& sandbox, const std::function<void(Reply<R>)>& call) {
  auto answer = std::make_shared<std::optional<Result<R>>>();
  call([answer](Result<R> result) { *answer = std::move(result); });
  if (!sandbox.run_until([&] { return answer->has_value(); }))
    return problem(Problem::DEADLINE_EXCEEDED, "test.no-answer", "Never answered.");
  return **answer;
}

inline void onboard(Sandbox& sandbox, const std::string& at) {
  for (const std::string id : {"firewall", "nat", "loadbalancer", "web"}) {
    v1::OnboardVnfPackageRequest request;
    request.set_content(example(id + ".vnfd.yaml"));
    ASSERT_TRUE(ask<v1::VnfPkgInfo>(sandbox, [&](auto reply) {
      sandbox.stack(at).api().onboard_vnf_package({}, request, std::move(reply));
    }));
  }
  v1::OnboardNsdRequest request;
  request.set_content(example("web-shop.nsd.yaml"));
  ASSERT_TRUE(ask<v1::NsdInfo>(sandbox, [&](auto reply) {
    sandbox.stack(at).api().onboard_nsd({}, request, std::move(reply));
  }));
}

}  // namespace terrace
