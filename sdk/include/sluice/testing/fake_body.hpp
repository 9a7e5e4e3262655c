// The body of a client request that is streamed to its backend.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/backend.h"

#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {
namespace testing {

// Pieces that the client has sent, and the fetch that waits for the next one. Belongs to its FakeCall.
class FakeBody {
public:
    void add(sluice_status status, std::string_view bytes, bool is_last) {
        pieces_.push_back(Piece{status, std::string(bytes), is_last});
    }
    bool has_pieces() const noexcept { return !pieces_.empty(); }

    bool is_wanted() const noexcept { return fn_ != nullptr; }
    // The last piece, or the breach, has been delivered.
    bool is_over() const noexcept { return is_over_; }
    void fetch(sluice_body_fn fn, void* ctx) noexcept {
        fn_ = fn;
        ctx_ = ctx;
    }
    // Gives the waiting fetch what there is; of a cancelled call, the breach.
    void deliver(bool is_cancelled) {
        if (fn_ == nullptr || (pieces_.empty() && !is_cancelled)) {
            return;
        }
        Piece piece{SLUICE_CANCELLED, std::string(), false};
        if (!is_cancelled) {
            piece = std::move(pieces_.front());
            pieces_.pop_front();
        }
        is_over_ = piece.is_last || piece.status != SLUICE_OK;
        std::exchange(fn_, nullptr)(ctx_, piece.status, to_str(piece.bytes), piece.is_last ? 1 : 0);
    }

private:
    struct Piece {
        sluice_status status;
        std::string bytes;
        bool is_last;
    };

    std::deque<Piece> pieces_;
    bool is_over_ = false;
    sluice_body_fn fn_ = nullptr;
    void* ctx_ = nullptr;
};

}  // namespace testing
}  // namespace sluice
