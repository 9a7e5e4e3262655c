#include "usage.hpp"

#include <string_view>

namespace sluice::openai {
namespace {

namespace dom = simdjson::dom;

void read_count(dom::element value, std::uint64_t& count) {
    std::uint64_t number = 0;
    if (value.get(number) == simdjson::SUCCESS) count = number;
}

}  // namespace

bool read_usage(dom::element value, sluice_usage& usage) {
    dom::object members;
    if (value.get(members) != simdjson::SUCCESS) return false;
    sluice_usage found{};
    found.struct_size = sizeof(found);
    bool has_count = false;
    for (const auto [key, member] : members) {
        if (key == "prompt_tokens" || key == "input_tokens") {
            read_count(member, found.prompt_tokens);
            has_count = true;
        } else if (key == "completion_tokens" || key == "output_tokens") {
            read_count(member, found.completion_tokens);
            has_count = true;
        } else if (key == "prompt_tokens_details" || key == "input_tokens_details") {
            dom::element cached;
            if (member["cached_tokens"].get(cached) == simdjson::SUCCESS) read_count(cached, found.cached_tokens);
        }
    }
    if (has_count) usage = found;
    return has_count;
}

}  // namespace sluice::openai
