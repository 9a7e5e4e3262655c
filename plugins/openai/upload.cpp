#include "upload.hpp"

#include <charconv>
#include <utility>

#include "abi_text.hpp"

namespace sluice::openai {
namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::size_t kKeptFrameBytes = 4096;

}  // namespace

// A loop, not a recursion: the host may hand out piece after piece inside read_body().
bool Upload::fetch() {
    bool is_gone = false;
    is_gone_ = &is_gone;
    while (!is_over_ && !is_fetching_ && !is_blocked_) {
        is_fetching_ = true;
        const auto on_piece = [](void* ctx, sluice_status status, sluice_str bytes, std::int32_t is_last) noexcept {
            static_cast<Upload*>(ctx)->on_piece(status, to_view(bytes), is_last != 0);
        };
        const sluice_status status = api_->read_body(call_, on_piece, this);
        if (is_gone) return false;
        if (status < 0) is_over_ = true;
    }
    is_gone_ = nullptr;
    return true;
}

void Upload::on_piece(sluice_status status, std::string_view bytes, bool is_last) {
    is_fetching_ = false;
    if (status != SLUICE_OK) return on_broken_(ctx_);
    is_over_ = is_last;
    switch (exchange_.push(is_chunked_ ? framed(bytes, is_last) : bytes, is_last)) {
        case Exchange::Push::kOver: return;
        case Exchange::Push::kQueued: is_blocked_ = true; break;
        case Exchange::Push::kTaken: break;
    }
    if (frame_.capacity() > kKeptFrameBytes) std::string().swap(frame_);
    if (is_gone_ == nullptr) fetch();
}

std::string_view Upload::framed(std::string_view bytes, bool is_last) {
    frame_.clear();
    if (!bytes.empty()) {
        char digits[16];
        frame_.append(digits, std::to_chars(digits, digits + sizeof(digits), bytes.size(), 16).ptr);
        frame_.append("\r\n").append(bytes).append("\r\n");
    }
    if (is_last) frame_.append(kLastChunk);
    return frame_;
}

}  // namespace sluice::openai
