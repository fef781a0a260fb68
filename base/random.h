// Chance, injected: ids, back-off and test seeds all come from here.
#pragma once

#include <cstdint>

namespace terrace {

class Random {
 public:
  virtual ~Random() = default;
  // Any thread. Uniform over all 64-bit values.
  virtual std::uint64_t next() = 0;
};

// The operating system's generator.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

// The same sequence for the same seed, on every machine. One thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

}  // namespace terrace
