// terraced, but that it halts at the moment that TERRACE_MOMENT names (tests/support/moments.h).
#include <cstdlib>
#include <iostream>

#include "daemon/run.h"
#include "tests/support/moments.h"

int main(int argc, char** argv) {
  const char* const text = std::getenv("TERRACE_MOMENT");
  const auto moment = terrace::parse_moment(text == nullptr ? "" : text);
  if (!moment) {
    std::cerr << "TERRACE_MOMENT names no moment\n";
    return EXIT_FAILURE;
  }
  const auto heard = terrace::nothing_heard();
  terrace::Wrapping wrapping;
  wrapping.store = [&](auto store) { return halting_store(std::move(store), *moment); };
  wrapping.channel = [&](auto channel) {
    return halting_channel(std::move(channel), *moment, heard);
  };
  return terrace::run_daemon(argc, argv, std::move(wrapping));
}
