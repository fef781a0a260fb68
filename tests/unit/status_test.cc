#include "rpc/status.h"

#include <string>

#include <gtest/gtest.h>

namespace terrace {
namespace {

TEST(Status, CarriesExactlyOneProblemWhole) {
  const Problem sent = make_problem(Problem::RESOURCE_EXHAUSTED, "envelope.exhausted", "no room")
                           .at_path("envelope.link[0]")
                           .constraint("assignable-range", "3", "4")
                           .possible("a larger range");
  const grpc::Status status = to_grpc(sent);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "no room");
  EXPECT_EQ(problems_in(status), 1);
  EXPECT_EQ(from_grpc(status, "peer").SerializeAsString(), sent.SerializeAsString());
}

TEST(Status, MakesAProblemOfWhatGrpcItselfSays) {
  const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "connect: refused");
  const Problem problem = from_grpc(status, "unix:/x");
  EXPECT_EQ(problem.code(), Problem::UNAVAILABLE);
  EXPECT_EQ(problem.type(), "rpc.unreachable");
  EXPECT_NE(problem.what().find("connect: refused"), std::string::npos);
}

TEST(Status, DetailsThatAreNoProblemAreNotBelieved) {
  const grpc::Status status(grpc::StatusCode::INTERNAL, "oops", "\xff\xff garbage");
  EXPECT_EQ(problems_in(status), 0);
  EXPECT_EQ(from_grpc(status, "peer").type(), "rpc.failed");
}

TEST(Status, AProblemWithManyCausesIsCutToFitAndSaysSo) {
  Problem large = problem(Problem::INVALID_ARGUMENT, "config.invalid", "much is wrong");
  for (int i = 0; i < 1000; ++i) {
    *large.add_causes() = problem(Problem::INVALID_ARGUMENT, "x", std::string(200, 'x'));
  }
  const grpc::Status status = to_grpc(large);
  EXPECT_LT(status.error_details().size() * 4 / 3, static_cast<std::size_t>(kMaxMetadataBytes));
  const Problem received = from_grpc(status, "peer");
  EXPECT_GT(received.causes_size(), 100);
  ASSERT_EQ(received.possible_size(), 1);
  EXPECT_NE(received.possible(0).find("of 1000 causes"), std::string::npos);
}

}  // namespace
}  // namespace terrace
