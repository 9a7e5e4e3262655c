// A request body that is still coming from the client: fetched piece by piece as fast as the upstream takes it.
#pragma once

#include <string>

#include "exchange.hpp"
#include "sluice/ext/backend.h"

namespace sluice::openai {

// [loop-thread]
class Upload {
public:
    // Called when the client broke off; it may drop the upload.
    using Broken = void (*)(void* ctx);

    Upload(sluice_call* call, const sluice_call_api* api, Exchange& exchange, bool is_chunked, Broken on_broken,
           void* ctx)
        : call_(call), api_(api), exchange_(exchange), is_chunked_(is_chunked), on_broken_(on_broken), ctx_(ctx) {}
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    ~Upload() {
        if (is_gone_ != nullptr) *is_gone_ = true;
    }

    // The upstream takes more. False if that ended the exchange, and this object with it.
    bool go_on() {
        is_blocked_ = false;
        return fetch();
    }

private:
    bool fetch();
    void on_piece(sluice_status status, std::string_view bytes, bool is_last);
    std::string_view framed(std::string_view bytes, bool is_last);

    sluice_call* const call_;
    const sluice_call_api* const api_;
    Exchange& exchange_;
    const bool is_chunked_;
    const Broken on_broken_;
    void* const ctx_;
    std::string frame_;
    bool* is_gone_ = nullptr;  // of the fetch() that is running
    bool is_fetching_ = false;
    bool is_blocked_ = false;  // the exchange has bytes the kernel did not take
    bool is_over_ = false;
};

}  // namespace sluice::openai
