// A client request made by a test.
#pragma once

#include "sluice/cpp/headers.hpp"
#include "sluice/cpp/json_text.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/message.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

// Owns the texts of one sluice_request. As the host does, it keeps SLUICE_BODY_PADDING bytes behind the body; the body
// has memory of its own, so that a sanitizer sees a read behind its end or after its release.
class FakeRequest {
public:
    // A chat request with one user message; its body asks for what the flags say.
    static FakeRequest chat(std::string_view model, std::string_view user_text, bool is_stream = false) {
        std::string body = "{\"model\":";
        append_json_string(body, model);
        body += is_stream ? ",\"stream\":true" : "";
        body += ",\"messages\":[{\"role\":\"user\",\"content\":";
        append_json_string(body, user_text);
        body += "}]}";
        return FakeRequest().set_model(model).set_body(body).set_stream(is_stream);
    }

    FakeRequest& set_method(std::string_view method) {
        method_ = method;
        return *this;
    }
    FakeRequest& set_path(std::string_view path) {
        path_ = path;
        return *this;
    }
    FakeRequest& set_query(std::string_view query) {
        query_ = query;
        return *this;
    }
    FakeRequest& set_model(std::string_view model) {
        model_ = model;
        return *this;
    }
    FakeRequest& set_request_id(std::string_view id) {
        request_id_ = id;
        return *this;
    }
    FakeRequest& set_client_address(std::string_view address) {
        client_address_ = address;
        return *this;
    }
    FakeRequest& set_choice_count(std::uint64_t count) {
        choice_count_ = count;
        return *this;
    }
    // Sets one header, or removes it with an empty value.
    FakeRequest& set_header(std::string_view name, std::string_view value) {
        headers_.erase(std::remove_if(headers_.begin(), headers_.end(),
                                      [name](const auto& header) { return equals_ignoring_case(header.first, name); }),
                       headers_.end());
        if (!value.empty()) {
            headers_.emplace_back(name, value);
        }
        return *this;
    }
    // One JSON object.
    FakeRequest& set_body(std::string_view json) { return set_body_bytes(json, SLUICE_REQUEST_JSON); }
    // Bytes that are no JSON.
    FakeRequest& set_raw_body(std::string_view bytes) { return set_body_bytes(bytes, 0); }
    // The body comes by read_body(): see FakeCall::send_body().
    FakeRequest& set_streamed_body(std::uint64_t length = SLUICE_LENGTH_UNKNOWN) {
        set_body_bytes({}, SLUICE_REQUEST_BODY_STREAMED);
        body_length_ = length;
        return *this;
    }
    FakeRequest& set_stream(bool is_stream) { return set_flag(SLUICE_REQUEST_STREAM, is_stream); }
    FakeRequest& set_wants_usage(bool wants) { return set_flag(SLUICE_REQUEST_WANTS_USAGE, wants); }

    // The request for the ABI; valid until the next change.
    const sluice_request* to_abi() {
        header_list_.clear();
        for (const auto& header : headers_) {
            header_list_.push_back(sluice_header{to_str(header.first), to_str(header.second)});
        }
        request_.struct_size = sizeof(request_);
        request_.flags = flags_;
        request_.request_id = to_str(request_id_);
        request_.method = to_str(method_);
        request_.path = to_str(path_);
        request_.query = to_str(query_);
        request_.model = to_str(model_);
        request_.client_address = to_str(client_address_);
        request_.headers = header_list_.data();
        request_.header_count = header_list_.size();
        request_.body = sluice_str{body_.data(), body_size_};
        request_.body_length = body_length_;
        request_.choice_count = choice_count_;
        return &request_;
    }
    // Frees the body. The request that to_abi() gave still points to it, as with the host.
    void release_body() noexcept { std::vector<char>().swap(body_); }
    bool has_flag(sluice_request_flag flag) const noexcept { return (flags_ & static_cast<std::uint32_t>(flag)) != 0; }

private:
    FakeRequest& set_flag(sluice_request_flag flag, bool is_set) {
        flags_ = is_set ? flags_ | static_cast<std::uint32_t>(flag) : flags_ & ~static_cast<std::uint32_t>(flag);
        return *this;
    }
    FakeRequest& set_body_bytes(std::string_view bytes, std::uint32_t flag) {
        flags_ &= ~static_cast<std::uint32_t>(SLUICE_REQUEST_JSON | SLUICE_REQUEST_BODY_STREAMED);
        flags_ |= flag;
        body_.assign(bytes.size() + SLUICE_BODY_PADDING, '\0');
        std::copy(bytes.begin(), bytes.end(), body_.begin());
        body_size_ = bytes.size();
        body_length_ = bytes.size();
        return *this;
    }

    sluice_request request_{};
    std::uint32_t flags_ = 0;
    std::string request_id_ = "request-1";
    std::string method_ = "POST";
    std::string path_ = "/v1/chat/completions";
    std::string query_;
    std::string model_;
    std::string client_address_ = "127.0.0.1";
    std::vector<std::pair<std::string, std::string>> headers_;
    std::vector<sluice_header> header_list_;
    std::vector<char> body_;
    std::size_t body_size_ = 0;
    std::uint64_t body_length_ = 0;
    std::uint64_t choice_count_ = 1;
};

}  // namespace testing
}  // namespace sluice
