// Money that adds up: exact decimals, never floating point. Whatever does not fit is a problem and
// never rounded. Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "terrace/v1/common.pb.h"

namespace terrace {

// An exact decimal number: up to 38 digits, of which up to 30 behind the point.
class Decimal {
 public:
  // Zero.
  Decimal() = default;

  // "12", "-0.05", "12.50": digits, at most one point with digits on both sides, no exponent.
  // INVALID_ARGUMENT "decimal.malformed", OUT_OF_RANGE "decimal.overflow".
  static Result<Decimal> parse(std::string_view text);
  static Decimal of(std::int64_t whole);

  // OUT_OF_RANGE "decimal.overflow" when the exact result has too many digits.
  Result<Decimal> plus(const Decimal& other) const;
  Result<Decimal> times(const Decimal& other) const;
  // Divided by 100, exactly.
  Result<Decimal> percent() const;

  // One text a value: no needless zeros, but two digits behind the point where there is a fraction
  // ("12", "12.50", "12.505"; never "-0").
  std::string text() const;
  bool is_negative() const { return units_ < 0; }
  bool is_zero() const { return units_ == 0; }

  // By value: 1.50 is 1.5. (Unlike scales are compared without overflow.)
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }

 private:
  __extension__ using Units = __int128;
  Decimal(Units units, int scale);

  // units_ * 10^-scale_, without needless zeros: one representation a value.
  Units units_ = 0;
  int scale_ = 0;
};

// Sums refuse mixed currencies: INVALID_ARGUMENT "price.mixed-currencies". An unset Money (or
// Price) is nothing at all, in any currency. Results are canonical text.
Result<v1::Money> add(const v1::Money& a, const v1::Money& b);
Result<v1::Price> add(const v1::Price& a, const v1::Price& b);
Result<v1::Price> multiply(const v1::Price& price, const Decimal& factor);
// The price and `percent` of it on top, exactly: 12.50 and 10 percent is 13.75.
Result<v1::Price> with_margin(const v1::Price& price, const Decimal& percent);

// An order's figure to rank offers by: one-off and `months` of the monthly part.
Result<v1::Money> total(const v1::Price& price, std::uint32_t months);
// Refuses unlike currencies; nothing at all is zero of any.
Result<std::strong_ordering> compare(const v1::Money& a, const v1::Money& b);

// Amounts are decimals, none negative; currencies are three capital letters, and one throughout.
Status check_price(const v1::Price& price);

}  // namespace terrace
