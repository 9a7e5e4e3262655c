#include "http/request.hpp"

#include <algorithm>
#include <cstring>

#include "http/ascii_case.hpp"

namespace sluice::http {

namespace {

/// What a request keeps for the next one; more goes back, so that one large body does not stay for ever.
constexpr std::size_t kKeptBytes = 8 * 1024;

void clear_keeping_little(std::string& text) {
    if (text.capacity() > kKeptBytes) {
        std::string().swap(text);
    } else {
        text.clear();
    }
}

}  // namespace

void Request::clear() {
    clear_keeping_little(head);
    release_body();
    method = target = path = query = {};
    headers.clear();
    id.clear();
    client_address.clear();
    is_http_1_0 = false;
    forget_json();
    content_length = 0;
    received_body_bytes = 0;
    added_.clear();
}

std::string_view Request::header(std::string_view name) const noexcept {
    for (const sluice_header& field : headers) {
        if (field.name.len == name.size() && equals_ignoring_case(view(field.name), name)) return view(field.value);
    }
    return {};
}

std::size_t Request::header_lines(std::string_view name) const noexcept {
    auto has_name = [&](const sluice_header& field) { return equals_ignoring_case(view(field.name), name); };
    return static_cast<std::size_t>(std::count_if(headers.begin(), headers.end(), has_name));
}

bool Request::set_header(std::string_view name, std::string_view value) {
    // The copies are made first: name and value may point into the line that is replaced.
    std::string line = std::string(name) + std::string(value);
    std::size_t name_size = name.size();
    constexpr std::size_t kMaxAdded = 64;
    if (line.size() > name_size && added_.size() == kMaxAdded) return false;
    remove_header(name);
    if (line.size() == name_size) return true;
    // Enough room once for all, since the views into the strings must survive growth of the vector.
    if (added_.empty()) added_.reserve(kMaxAdded);
    const std::string& kept = added_.emplace_back(std::move(line));
    headers.push_back(
        {borrow(std::string_view(kept).substr(0, name_size)), borrow(std::string_view(kept).substr(name_size))});
    return true;
}

void Request::remove_header(std::string_view name) noexcept {
    std::erase_if(headers, [&](const sluice_header& field) { return equals_ignoring_case(view(field.name), name); });
}

void Request::set_body(std::string_view text) {
    body_.resize(text.size() + SLUICE_BODY_PADDING);
    std::memcpy(body_.data(), text.data(), text.size());
    body_size_ = text.size();
}

void Request::append_body(std::string_view bytes) {
    std::size_t needed = body_size_ + bytes.size() + SLUICE_BODY_PADDING;
    if (needed > body_.size()) {
        if (needed > body_.capacity()) body_.reserve(std::max(needed, body_.capacity() * 2));
        body_.resize(needed);
    }
    std::memcpy(body_.data() + body_size_, bytes.data(), bytes.size());
    body_size_ += bytes.size();
}

void Request::forget_json() noexcept {
    model.clear();
    is_streaming = wants_usage = has_stream_options = is_usage_injected = is_json = false;
    choice_count = 1;
}

void Request::release_body() noexcept {
    if (is_streaming) {
        std::string().swap(body_);
    } else {
        clear_keeping_little(body_);
    }
    body_size_ = 0;
}

}  // namespace sluice::http
