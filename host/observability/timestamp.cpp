#include "observability/timestamp.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <ctime>
#include <limits>
#include <string_view>

namespace sluice::observability {
namespace {

// The text up to the second changes once a second, and taking it apart costs more than the rest of a line.
class SecondText {
public:
    std::string_view of(std::time_t second) {
        if (second != second_) {
            std::tm parts{};
            gmtime_r(&second, &parts);
            const auto result = fmt::format_to_n(text_.data(), text_.size(), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                                                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                                                 parts.tm_min, parts.tm_sec);
            length_ = std::min(result.size, text_.size());
            second_ = second;
        }
        return {text_.data(), length_};
    }

private:
    std::time_t second_ = std::numeric_limits<std::time_t>::min();
    std::array<char, 32> text_{};
    std::size_t length_ = 0;
};

}  // namespace

void append_timestamp(std::string& out, std::chrono::system_clock::time_point time) {
    thread_local SecondText text;
    const auto since_epoch = time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch - seconds).count();
    out += text.of(static_cast<std::time_t>(seconds.count()));
    const std::array<char, 5> tail{'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                                   static_cast<char>('0' + rest % 10), 'Z'};
    out.append(tail.data(), tail.size());
}

}  // namespace sluice::observability
