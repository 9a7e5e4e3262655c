#include "upstream/stream_plan.hpp"

#include "wire/decimal_number.hpp"

namespace sluice::bench {
namespace {

std::string_view without_leading_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

}  // namespace

void StreamPlan::apply_list(std::string_view list) {
    while (!list.empty()) {
        const auto entry = without_leading_blanks(list.substr(0, list.find(',')));
        const auto equals = entry.find('=');
        if (equals != std::string_view::npos) {
            const auto value = parse_decimal(entry.substr(equals + 1));
            if (value) apply_entry(entry.substr(0, equals), *value);
        }
        const auto comma = list.find(',');
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
}

void StreamPlan::apply_entry(std::string_view name, std::int64_t value) {
    if (name == "n") chunks = value;
    if (name == "d") gap = std::chrono::milliseconds(value);
    if (name == "bytes") bytes = value;
}

}  // namespace sluice::bench
