// What the one-pass reader of a chunk accepts is valid JSON, and says what a parser finds in it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "json_document.hpp"
#include "plain_chunk.hpp"

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kPadding = 64;

void require(bool is_so) {
    if (!is_so) std::abort();
}

// What the reader has to find in the choice.
sluice::openai::PlainChunk read_choice(dom::element choice) {
    sluice::openai::PlainChunk found;
    for (const auto [key, value] : dom::object(choice)) {
        if (key == "index") found.choice = std::uint64_t(value);
        if (key != "finish_reason") continue;
        require(value.is_null() || value.is_string());
        found.is_finished = value.is_string() && !std::string_view(value).empty();
    }
    return found;
}

void compare(dom::element root, const sluice::openai::PlainChunk& chunk) {
    bool has_choices = false;
    for (const auto [key, value] : dom::object(root)) {
        if (key == "usage" || key == "error") require(value.is_null());
        if (key != "choices") continue;
        require(!has_choices && dom::array(value).size() == 1);
        has_choices = true;
        const auto found = read_choice(dom::array(value).at(0));
        require(found.choice == chunk.choice && found.is_finished == chunk.is_finished);
    }
    require(has_choices);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // The padding is what would change the answer if it were read as part of the text.
    std::vector<char> text(size + kPadding, '"');
    if (size > 0) std::memcpy(text.data(), data, size);
    const auto chunk = sluice::openai::read_plain_chunk({text.data(), size});
    if (!chunk) return 0;
    static dom::parser parser;
    dom::element root;
    require(sluice::openai::parse_json(parser, {text.data(), size}, root));
    compare(root, *chunk);
    return 0;
}
