// A text is redacted the same however it is cut. The first byte of the input says how large the pieces are.
#include "answer/redactor.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice::claude_code;
    static const Redactor redactor({"hunter2", "hunter", "r2 sk-", "=\"s"});
    if (size == 0) return 0;
    const std::size_t piece_size = std::size_t{1} + data[0];
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    RedactingStream stream(redactor);
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece_size) stream.feed(text.substr(at, piece_size), out);
    stream.finish(out);
    if (out != redactor.redact(text)) std::abort();
    return 0;
}
