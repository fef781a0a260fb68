#include "catalog/money.h"

#include <algorithm>
#include <optional>

namespace terrace {
namespace {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

constexpr int kMostDigits = 38;
constexpr int kMostScale = 30;

Problem overflow(std::string_view what) {
  return make_problem(Problem::OUT_OF_RANGE, "decimal.overflow", what)
      .constraint("decimal-digits", "38 digits, 30 behind the point", "more");
}

Problem malformed(std::string_view text) {
  return make_problem(Problem::INVALID_ARGUMENT, "decimal.malformed",
                      "not a decimal number: `" + std::string(text.substr(0, 80)) + "`")
      .possible("Write digits with at most one point, as in 12.50.");
}

// 10^38 - 1: the largest magnitude we count in.
Int128 limit() {
  Int128 most = 1;
  for (int i = 0; i < kMostDigits; ++i) most *= 10;
  return most - 1;
}

bool fits(Int128 units) {
  return units <= limit() && units >= -limit();
}

std::optional<Int128> multiply(Int128 a, Int128 b) {
  Int128 result = 0;
  if (__builtin_mul_overflow(a, b, &result) || !fits(result)) return std::nullopt;
  return result;
}

std::optional<Int128> scale_up(Int128 units, int digits) {
  for (int i = 0; i < digits; ++i) {
    const auto next = multiply(units, 10);
    if (!next) return std::nullopt;
    units = *next;
  }
  return units;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

Decimal::Decimal(Units units, int scale) : units_(units), scale_(scale) {
  while (scale_ > 0 && units_ % 10 == 0) {
    units_ /= 10;
    --scale_;
  }
}

Result<Decimal> Decimal::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = negative ? text.substr(1) : text;
  const auto point = digits.find('.');
  const bool shaped =
      !digits.empty() && is_digit(digits.front()) && is_digit(digits.back()) &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return is_digit(c) || c == '.'; }) &&
      (point == std::string_view::npos || point == digits.rfind('.'));
  if (!shaped) return malformed(text);
  // Zeros that say nothing are no digits to count.
  const auto last =
      point == std::string_view::npos ? digits.size() : digits.find_last_not_of('0') + 1;
  Units units = 0;
  int scale = 0;
  for (std::size_t i = 0; i < last; ++i) {
    if (digits[i] == '.') continue;
    const auto shifted = multiply(units, 10);
    if (!shifted || !fits(*shifted + (digits[i] - '0'))) return overflow("too many digits");
    units = *shifted + (digits[i] - '0');
    if (point != std::string_view::npos && i > point) ++scale;
  }
  if (scale > kMostScale) return overflow("too many digits behind the point");
  return Decimal(negative ? -units : units, scale);
}

Decimal Decimal::of(std::int64_t whole) {
  return Decimal(whole, 0);
}

Result<Decimal> Decimal::plus(const Decimal& other) const {
  const int scale = std::max(scale_, other.scale_);
  const auto a = scale_up(units_, scale - scale_);
  const auto b = scale_up(other.units_, scale - other.scale_);
  // Each is below 10^38, so that their sum cannot pass 2^127.
  if (!a || !b || !fits(*a + *b)) return overflow("the sum has too many digits");
  return Decimal(*a + *b, scale);
}

Result<Decimal> Decimal::times(const Decimal& other) const {
  const auto product = multiply(units_, other.units_);
  if (!product) return overflow("the product has too many digits");
  // Zeros at the end may bring a scale that is too long back.
  const Decimal result(*product, scale_ + other.scale_);
  if (result.scale_ > kMostScale) return overflow("the product has too many digits");
  return result;
}

Result<Decimal> Decimal::percent() const {
  const Decimal result(units_, scale_ + 2);
  if (result.scale_ > kMostScale) return overflow("the percentage has too many digits");
  return result;
}

std::string Decimal::text() const {
  // Magnitudes fit in the unsigned type, whatever the sign.
  Uint128 rest = units_ < 0 ? Uint128(0) - Uint128(units_) : Uint128(units_);
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  while (static_cast<int>(digits.size()) <= scale_) digits.push_back('0');
  std::reverse(digits.begin(), digits.end());
  if (scale_ > 0) {
    digits.insert(digits.size() - static_cast<std::size_t>(scale_), 1, '.');
    if (scale_ == 1) digits.push_back('0');
  }
  return units_ < 0 ? "-" + digits : digits;
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  const int scale = std::max(a.scale_, b.scale_);
  const auto left = scale_up(a.units_, scale - a.scale_);
  const auto right = scale_up(b.units_, scale - b.scale_);
  // Only the one with fewer digits behind the point is scaled up; what then does not fit is beyond
  // the other, whatever that is.
  if (!left) return a.units_ <=> Int128(0);
  if (!right) return Int128(0) <=> b.units_;
  return *left <=> *right;
}

namespace {

bool is_nothing(const v1::Money& money) {
  return money.amount().empty() && money.currency().empty();
}

Problem mixed(const v1::Money& a, const v1::Money& b) {
  return make_problem(Problem::INVALID_ARGUMENT, "price.mixed-currencies",
                      "amounts of unlike currencies are neither added nor compared")
      .constraint("currency", a.currency(), b.currency());
}

v1::Money money(const Decimal& amount, const std::string& currency) {
  v1::Money result;
  result.set_amount(amount.text());
  result.set_currency(currency);
  return result;
}

// Applies to each part of a price that is there.
template <class Function>
Result<v1::Price> each_part(const v1::Price& price, const Function& function) {
  v1::Price result;
  const auto apply_to = [&](const v1::Money& part, v1::Money& out) -> Status {
    if (is_nothing(part)) return {};
    auto amount = Decimal::parse(part.amount());
    if (!amount) return amount.problem();
    auto changed = function(*amount);
    if (!changed) return changed.problem();
    out = money(*changed, part.currency());
    return {};
  };
  if (price.has_one_off()) {
    if (auto s = apply_to(price.one_off(), *result.mutable_one_off()); !s) return s.problem();
  }
  if (price.has_monthly()) {
    if (auto s = apply_to(price.monthly(), *result.mutable_monthly()); !s) return s.problem();
  }
  return result;
}

Status check_money(const v1::Money& money, std::string_view path) {
  if (is_nothing(money)) return {};
  const auto amount = Decimal::parse(money.amount());
  if (!amount) return amount.problem();
  if (amount->is_negative()) {
    return make_problem(Problem::INVALID_ARGUMENT, "price.negative", "a price is never negative")
        .at_path(path)
        .constraint("minimum", "0", money.amount());
  }
  const auto& code = money.currency();
  const bool sound = code.size() == 3 && std::all_of(code.begin(), code.end(),
                                                     [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!sound) {
    return make_problem(Problem::INVALID_ARGUMENT, "price.currency", "not an ISO 4217 code")
        .at_path(path)
        .constraint("currency", "three capital letters", code);
  }
  return {};
}

}  // namespace

Result<v1::Money> add(const v1::Money& a, const v1::Money& b) {
  if (is_nothing(a) && is_nothing(b)) return v1::Money();
  if (!is_nothing(a) && !is_nothing(b) && a.currency() != b.currency()) return mixed(a, b);
  const auto left = is_nothing(a) ? Result<Decimal>(Decimal()) : Decimal::parse(a.amount());
  const auto right = is_nothing(b) ? Result<Decimal>(Decimal()) : Decimal::parse(b.amount());
  if (!left) return left.problem();
  if (!right) return right.problem();
  const auto sum = left->plus(*right);
  if (!sum) return sum.problem();
  return money(*sum, is_nothing(a) ? b.currency() : a.currency());
}

Result<v1::Price> add(const v1::Price& a, const v1::Price& b) {
  v1::Price sum;
  if (a.has_one_off() || b.has_one_off()) {
    auto part = add(a.one_off(), b.one_off());
    if (!part) return part.problem();
    *sum.mutable_one_off() = *std::move(part);
  }
  if (a.has_monthly() || b.has_monthly()) {
    auto part = add(a.monthly(), b.monthly());
    if (!part) return part.problem();
    *sum.mutable_monthly() = *std::move(part);
  }
  const bool both = !is_nothing(sum.one_off()) && !is_nothing(sum.monthly());
  if (both && sum.one_off().currency() != sum.monthly().currency()) {
    return mixed(sum.one_off(), sum.monthly());
  }
  return sum;
}

Result<v1::Price> multiply(const v1::Price& price, const Decimal& factor) {
  return each_part(price, [&](const Decimal& amount) { return amount.times(factor); });
}

Result<v1::Price> with_margin(const v1::Price& price, const Decimal& percent) {
  const auto share = percent.percent();
  if (!share) return share.problem();
  const auto factor = Decimal::of(1).plus(*share);
  if (!factor) return factor.problem();
  return multiply(price, *factor);
}

Result<v1::Money> total(const v1::Price& price, std::uint32_t months) {
  v1::Price monthly;
  if (price.has_monthly()) *monthly.mutable_monthly() = price.monthly();
  auto all_months = multiply(monthly, Decimal::of(months));
  if (!all_months) return all_months.problem();
  return add(price.one_off(), all_months->monthly());
}

Result<std::strong_ordering> compare(const v1::Money& a, const v1::Money& b) {
  const bool both = !is_nothing(a) && !is_nothing(b);
  if (both && a.currency() != b.currency()) return mixed(a, b);
  const auto left = is_nothing(a) ? Result<Decimal>(Decimal()) : Decimal::parse(a.amount());
  const auto right = is_nothing(b) ? Result<Decimal>(Decimal()) : Decimal::parse(b.amount());
  if (!left) return left.problem();
  if (!right) return right.problem();
  return *left <=> *right;
}

Status check_price(const v1::Price& price) {
  if (auto s = check_money(price.one_off(), "price.one_off"); !s) return s;
  if (auto s = check_money(price.monthly(), "price.monthly"); !s) return s;
  const auto sum = add(price.one_off(), price.monthly());
  if (!sum) return sum.problem();
  return {};
}

}  // namespace terrace
