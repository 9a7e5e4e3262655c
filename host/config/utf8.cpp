#include "config/utf8.hpp"

#include <Poco/UTF8Encoding.h>

namespace sluice::config {

bool is_text(std::string_view bytes) {
    const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
    for (std::size_t at = 0; at < bytes.size();) {
        if (begin[at] == 0) return false;
        static const Poco::UTF8Encoding encoding;
        const int length = encoding.sequenceLength(begin + at, 1);
        if (length < 1 || at + static_cast<std::size_t>(length) > bytes.size()) return false;
        if (!Poco::UTF8Encoding::isLegal(begin + at, length)) return false;
        at += static_cast<std::size_t>(length);
    }
    return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
    return text.substr(0, limit);
}

}  // namespace sluice::config
