#pragma once

#include <sluice/abi.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice::isolation {

/// Appends fields to the payload of a frame: numbers in their own width, texts behind a u32 of their length.
class PayloadWriter {
public:
    explicit PayloadWriter(std::string& out) noexcept : out_(out) {}

    template <class Number>
    requires std::is_arithmetic_v<Number> PayloadWriter& put(Number number) {
        char bytes[sizeof number];
        std::memcpy(bytes, &number, sizeof number);
        out_.append(bytes, sizeof number);
        return *this;
    }
    PayloadWriter& put(std::string_view text) {
        put(static_cast<std::uint32_t>(text.size()));
        out_.append(text);
        return *this;
    }
    PayloadWriter& put(sluice_str text) { return put(std::string_view(text.ptr ? text.ptr : "", text.len)); }
    /// Text to the end of the payload, without a length. The last field.
    void put_rest(sluice_str text) {
        if (text.len > 0) out_.append(text.ptr, text.len);
    }

private:
    std::string& out_;
};

/// Reads what a PayloadWriter has written, or what somebody else made of it. Once a field is not there, everything
/// behind it reads as zero or empty, and is_whole() is false.
class PayloadReader {
public:
    explicit PayloadReader(std::string_view payload) noexcept : left_(payload) {}

    template <class Number>
    Number get() noexcept {
        Number number{};
        if (left_.size() < sizeof number) {
            is_good_ = false;
            left_ = {};
            return number;
        }
        std::memcpy(&number, left_.data(), sizeof number);
        left_.remove_prefix(sizeof number);
        return number;
    }
    /// Borrowed from the payload.
    std::string_view text() noexcept {
        const auto bytes = get<std::uint32_t>();
        if (left_.size() < bytes) {
            is_good_ = false;
            left_ = {};
            return {};
        }
        const std::string_view text = left_.substr(0, bytes);
        left_.remove_prefix(bytes);
        return text;
    }
    sluice_str abi_text() noexcept {
        const std::string_view read = text();
        return {read.data(), read.size()};
    }
    /// A number of items that follow, each of at least `item_bytes`; no more than there can be.
    std::uint32_t count(std::size_t item_bytes) noexcept {
        const auto items = get<std::uint32_t>();
        if (items <= left_.size() / item_bytes) return items;
        is_good_ = false;
        left_ = {};
        return 0;
    }
    std::string_view rest() noexcept {
        const std::string_view rest = left_;
        left_ = {};
        return rest;
    }

    bool is_good() const noexcept { return is_good_; }
    /// True if every field was there and nothing is left.
    bool is_whole() const noexcept { return is_good_ && left_.empty(); }

private:
    std::string_view left_;
    bool is_good_ = true;
};

}  // namespace sluice::isolation
