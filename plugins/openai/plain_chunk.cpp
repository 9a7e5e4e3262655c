#include "plain_chunk.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace sluice::openai {
namespace {

constexpr int kMaxDepth = 8;
constexpr std::ptrdiff_t kMaxDigits = 18;

// The first byte at or behind `at` that is not plain text of a string: a quote, a backslash, a control character, or
// part of a character beyond ASCII. May lie behind `end`, by less than sixteen bytes.
//
// As a signed number every byte of the last two kinds is less than a blank.
const char* end_of_plain_text(const char* at, const char* end) {
#ifdef __SSE2__
    for (; at < end; at += sizeof(__m128i)) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        const __m128i others = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
        const int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), others));
        if (found != 0) return at + std::countr_zero(static_cast<unsigned>(found));
    }
#else
    while (at < end && static_cast<signed char>(*at) >= ' ' && *at != '"' && *at != '\\') ++at;
#endif
    return at;
}

bool is_short_escape(char letter) { return std::string_view("\"\\/bfnrt").find(letter) != std::string_view::npos; }

// Each function reads what it is named after, and returns false if something else stands there.
class Reader {
public:
    explicit Reader(std::span<const char> text) : at_(text.data()), end_(text.data() + text.size()) {}

    bool read_chunk(PlainChunk& chunk) {
        bool has_choice = false;
        const auto read_member = [&](std::string_view key) {
            if (key == "choices") return !std::exchange(has_choice, true) && read_choices(chunk);
            if (key == "usage" || key == "error") return read_word("null");
            return read_value(kMaxDepth);
        };
        return read_object(read_member) && has_choice && read_end();
    }

private:
    bool read_choices(PlainChunk& chunk) {
        const auto read_member = [&](std::string_view key) {
            if (key == "index") return read_number(chunk.choice);
            if (key == "finish_reason") return read_reason(chunk.is_finished);
            return read_value(kMaxDepth);
        };
        return read_mark('[') && read_object(read_member) && read_mark(']');
    }

    bool read_reason(bool& is_given) {
        std::string_view reason;
        if (!read_word("null") && !read_string(reason)) return false;
        is_given = !reason.empty();
        return true;
    }

    bool read_value(int depth) {
        std::string_view text;
        std::uint64_t number = 0;
        skip_blanks();
        if (at_ == end_ || depth == 0) return false;
        switch (*at_) {
            case '"': return read_string(text);
            case '{': return read_object([&](std::string_view) { return read_value(depth - 1); });
            case '[': return read_array(depth);
            case 'n': return read_word("null");
            case 't': return read_word("true");
            case 'f': return read_word("false");
            default: return read_number(number);
        }
    }

    template <class ReadMember>
    bool read_object(ReadMember read_member) {
        if (!read_mark('{')) return false;
        if (read_mark('}')) return true;
        std::string_view key;
        do {
            if (!read_string(key) || !read_mark(':') || !read_member(key)) return false;
        } while (read_mark(','));
        return read_mark('}');
    }

    bool read_array(int depth) {
        if (!read_mark('[')) return false;
        if (read_mark(']')) return true;
        do {
            if (!read_value(depth - 1)) return false;
        } while (read_mark(','));
        return read_mark(']');
    }

    // `text` keeps its escapes. None of those that are accepted stands for a character of a name that is looked for.
    bool read_string(std::string_view& text) {
        if (!read_mark('"')) return false;
        const char* const begin = at_;
        for (;;) {
            at_ = end_of_plain_text(at_, end_);
            if (at_ >= end_) return false;
            if (*at_ == '"') break;
            if (*at_ != '\\' || end_ - at_ < 2 || !is_short_escape(at_[1])) return false;
            at_ += 2;
        }
        text = {begin, static_cast<std::size_t>(at_ - begin)};
        ++at_;
        return true;
    }

    // Digits only: whoever reads on stumbles over a fraction or an exponent.
    bool read_number(std::uint64_t& number) {
        skip_blanks();
        const char* const begin = at_;
        for (number = 0; at_ < end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
            number = number * 10 + static_cast<std::uint64_t>(*at_ - '0');
        }
        const std::ptrdiff_t digits = at_ - begin;
        return digits == 1 || (digits > 1 && digits <= kMaxDigits && *begin != '0');
    }

    bool read_word(std::string_view word) {
        skip_blanks();
        const auto left = static_cast<std::size_t>(end_ - at_);
        if (left < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) return false;
        at_ += word.size();
        return true;
    }

    bool read_mark(char mark) {
        if (at_ < end_ && *at_ == ' ') skip_blanks();
        if (at_ == end_ || *at_ != mark) return false;
        ++at_;
        return true;
    }

    bool read_end() {
        skip_blanks();
        return at_ == end_;
    }

    void skip_blanks() {
        while (at_ < end_ && *at_ == ' ') ++at_;
    }

    const char* at_;
    const char* const end_;
};

}  // namespace

std::optional<PlainChunk> read_plain_chunk(std::span<const char> text) {
    PlainChunk chunk;
    if (!Reader(text).read_chunk(chunk)) return std::nullopt;
    return chunk;
}

}  // namespace sluice::openai
