#include "keys/moment.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace sluice::auth {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongest = std::chrono::hours(24 * 36525);

// The digits at `begin`; nullopt if they are not all digits.
std::optional<int> digits(std::string_view text, std::size_t begin, std::size_t count) {
    int value = 0;
    for (const char digit : text.substr(begin, count)) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    return value;
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    const auto year = digits(text, 0, 4);
    const auto month = digits(text, 5, 2);
    const auto day = digits(text, 8, 2);
    if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *year < 1970) return std::nullopt;
    return std::chrono::sys_days(date);
}

std::optional<milliseconds> parse_time_of_day(std::string_view text) {
    const auto hours = digits(text, 1, 2);
    const auto minutes = digits(text, 4, 2);
    const auto seconds = digits(text, 7, 2);
    if (!hours || !minutes || !seconds || text[0] != 'T' || text[3] != ':' || text[6] != ':' || text[9] != 'Z') {
        return std::nullopt;
    }
    if (*hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
    return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
}

std::optional<milliseconds> unit_of(char letter) {
    switch (letter) {
        case 's': return std::chrono::seconds(1);
        case 'm': return std::chrono::minutes(1);
        case 'h': return std::chrono::hours(1);
        case 'd': return std::chrono::hours(24);
        default: return std::nullopt;
    }
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    const auto unit = unit_of(text.back());
    std::int64_t count = 0;
    const char* const end = text.data() + text.size() - 1;
    const auto [last, failure] = std::from_chars(text.data(), end, count);
    if (!unit || last != end || failure != std::errc() || count <= 0 || count > kLongest / *unit) return std::nullopt;
    return *unit * count;
}

std::optional<milliseconds> parse_moment(std::string_view text) {
    if (text.size() != 10 && text.size() != 20) return std::nullopt;
    const auto day = parse_day(text.substr(0, 10));
    if (!day) return std::nullopt;
    const milliseconds begin = day->time_since_epoch();
    if (text.size() == 10) return begin + std::chrono::hours(24);
    const auto time = parse_time_of_day(text.substr(10));
    return time ? std::optional<milliseconds>(begin + *time) : std::nullopt;
}

std::string moment_text(milliseconds unix_time) {
    const std::chrono::sys_time<milliseconds> moment(unix_time);
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(moment - day));
    std::array<char, 48> text{};
    const int length = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace sluice::auth
