#include "catalog/money.h"

#include <gtest/gtest.h>

namespace terrace {
namespace {

Decimal decimal(std::string_view text) {
  auto parsed = Decimal::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Decimal();
}

v1::Money money(const std::string& amount, const std::string& currency = "EUR") {
  v1::Money made;
  made.set_amount(amount);
  made.set_currency(currency);
  return made;
}

v1::Price price(const std::string& one_off, const std::string& monthly) {
  v1::Price made;
  if (!one_off.empty()) *made.mutable_one_off() = money(one_off);
  if (!monthly.empty()) *made.mutable_monthly() = money(monthly);
  return made;
}

TEST(Decimal, TextIsCanonical) {
  for (const auto& [text, canonical] :
       {std::pair("12", "12"),
        {"12.5", "12.50"},
        {"012.500", "12.50"},
        {"0.0", "0"},
        {"-0", "0"},
        {"-0.05", "-0.05"},
        {"12.505", "12.505"},
        {"100", "100"},
        {"0.000000000000000000000000000001", "0.000000000000000000000000000001"},
        {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999"}}) {
    EXPECT_EQ(decimal(text).text(), canonical);
  }
}

TEST(Decimal, RefusesWhatIsNoDecimal) {
  for (const auto* text : {"", "-", ".5", "5.", "1e3", "+1", " 1", "1.2.3", "1,5", "0x1", "NaN"}) {
    const auto parsed = Decimal::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.problem().type(), "decimal.malformed");
  }
  for (const auto* text :
       {"100000000000000000000000000000000000000", "0.0000000000000000000000000000001"}) {
    const auto parsed = Decimal::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.problem().type(), "decimal.overflow");
  }
}

TEST(Decimal, AddsAndMultipliesExactly) {
  EXPECT_EQ(decimal("0.1").plus(decimal("0.2"))->text(), "0.30");
  EXPECT_EQ(decimal("12.50").times(decimal("1.1"))->text(), "13.75");
  EXPECT_EQ(decimal("99.99").times(decimal("1.075"))->text(), "107.48925");
  EXPECT_EQ(decimal("-1.5").plus(decimal("1.5"))->text(), "0");
  EXPECT_EQ(decimal("7.5").percent()->text(), "0.075");
}

TEST(Decimal, OverflowIsAProblemAndNeverAnotherNumber) {
  const auto most = decimal("99999999999999999999999999999999999999");
  EXPECT_EQ(most.plus(Decimal::of(1)).problem().type(), "decimal.overflow");
  EXPECT_EQ(most.times(Decimal::of(10)).problem().type(), "decimal.overflow");
  EXPECT_EQ(most.plus(decimal("0.1")).problem().type(), "decimal.overflow");
}

TEST(Decimal, ComparesUnlikeScalesWithoutOverflow) {
  EXPECT_EQ(decimal("1.50"), decimal("1.5"));
  EXPECT_LT(decimal("0.1"), decimal("0.11"));
  const auto most = decimal("99999999999999999999999999999999999999");
  const auto least = decimal("0.000000000000000000000000000001");
  EXPECT_GT(most, least);
  EXPECT_LT(least, most);
  EXPECT_LT(decimal("-99999999999999999999999999999999999999"), least);
}

TEST(Price, SumsAndMarginsOverThreeTiersAreExact) {
  const auto leaf = price("10.01", "3.33");
  const auto middle = with_margin(leaf, decimal("7.5"));
  ASSERT_TRUE(middle);
  EXPECT_EQ(middle->one_off().amount(), "10.76075");
  const auto top = with_margin(*middle, decimal("12.5"));
  ASSERT_TRUE(top);
  EXPECT_EQ(top->one_off().amount(), "12.10584375");
  EXPECT_EQ(top->monthly().amount(), "4.02721875");
  const auto sum = add(*top, *top);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->monthly().amount(), "8.0544375");
  EXPECT_EQ(total(*top, 12)->amount(), "60.43246875");
}

TEST(Price, NothingIsNothingInAnyCurrency) {
  const auto sum = add(price("", ""), price("5", ""));
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->one_off().amount(), "5");
  EXPECT_FALSE(sum->has_monthly());
  EXPECT_TRUE(total(v1::Price(), 12)->amount().empty());
}

TEST(Price, MixedCurrenciesAreRefused) {
  v1::Price dollars;
  *dollars.mutable_one_off() = money("1", "USD");
  EXPECT_EQ(add(price("1", ""), dollars).problem().type(), "price.mixed-currencies");
  EXPECT_EQ(compare(money("1"), money("1", "USD")).problem().type(), "price.mixed-currencies");
  *dollars.mutable_monthly() = money("1");
  EXPECT_EQ(check_price(dollars).problem().type(), "price.mixed-currencies");
  EXPECT_EQ(*compare(money("1.10"), money("1.1")), std::strong_ordering::equal);
}

TEST(Price, UnsoundOnesAreRefused) {
  EXPECT_TRUE(check_price(price("0", "12.50")));
  EXPECT_EQ(check_price(price("-1", "")).problem().type(), "price.negative");
  EXPECT_EQ(check_price(price("a", "")).problem().type(), "decimal.malformed");
  v1::Price odd;
  *odd.mutable_one_off() = money("1", "euro");
  EXPECT_EQ(check_price(odd).problem().type(), "price.currency");
}

}  // namespace
}  // namespace terrace
