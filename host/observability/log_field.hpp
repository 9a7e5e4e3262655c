#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace sluice::observability {

/// The value of one field of a log line. Text is borrowed until log() returns.
class LogValue {
public:
    using Variant = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    LogValue(std::string_view text) : value_(text) {}
    LogValue(const char* text) : value_(std::string_view(text)) {}
    LogValue(const std::string& text) : value_(std::string_view(text)) {}
    LogValue(bool truth) : value_(truth) {}
    template <std::signed_integral Integer>
    LogValue(Integer number) : value_(std::int64_t{number}) {}
    template <std::unsigned_integral Integer>
    LogValue(Integer number) : value_(std::uint64_t{number}) {}
    LogValue(double number) : value_(number) {}

    const Variant& get() const noexcept { return value_; }

private:
    Variant value_;
};

/// One `"name":value` of a log line. Prompts, answers and keys do not belong here.
struct LogField {
    std::string_view name;
    LogValue value;
};

}  // namespace sluice::observability
