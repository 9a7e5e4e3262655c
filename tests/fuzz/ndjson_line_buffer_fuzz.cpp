// Lines are the same however the bytes come, and the same as splitting the whole gives; readable bytes follow each. The
// first byte of the input says how large the pieces are.
#include "process/ndjson_line_buffer.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "process/cli_record.hpp"

namespace {

using sluice::claude_code::CliRecordReader;
using sluice::claude_code::NdjsonLineBuffer;

constexpr std::size_t kMaxLineBytes = 32;

struct Split {
    std::vector<std::string> lines;
    bool is_overlong = false;
    std::size_t unfinished = 0;
    bool operator==(const Split&) const = default;
};

void take_lines(NdjsonLineBuffer& buffer, Split& split) {
    for (std::string_view line; buffer.next(line);) {
        volatile char behind = 0;
        for (std::size_t i = 0; i < CliRecordReader::kPadding; ++i) behind = line.data()[line.size() + i];
        static_cast<void>(behind);
        split.lines.emplace_back(line);
    }
}

Split split_in_pieces(std::string_view bytes, std::size_t piece_size) {
    NdjsonLineBuffer buffer(kMaxLineBytes);
    Split split;
    while (!bytes.empty()) {
        const auto space = buffer.writable();
        if (space.size < (16u << 10)) std::abort();
        const std::size_t count = std::min({bytes.size(), piece_size, space.size});
        std::memcpy(space.data, bytes.data(), count);
        buffer.commit(count);
        bytes.remove_prefix(count);
        take_lines(buffer, split);
        if (piece_size % 2 == 0) buffer.shrink();
    }
    split.is_overlong = buffer.is_overlong();
    if (!split.is_overlong) split.unfinished = buffer.unfinished();
    return split;
}

Split split_whole(std::string_view bytes) {
    Split split;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        std::string_view line = bytes.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        split.is_overlong = line.size() > kMaxLineBytes;
        if (split.is_overlong) break;
        if (end == std::string_view::npos) {
            split.unfinished = bytes.size();
            break;
        }
        if (!line.empty()) split.lines.emplace_back(line);
        bytes.remove_prefix(end + 1);
    }
    return split;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Split expected = split_whole(bytes);
    if (split_in_pieces(bytes, size) != expected) std::abort();
    if (split_in_pieces(bytes, std::size_t{1} + data[0]) != expected) std::abort();
    return 0;
}
