// What an answer depends on, read from the request.
#pragma once

#include <sluice/cpp/request.hpp>

#include <cstdint>
#include <string>

namespace sluice::fault {

enum class Endpoint { kChat, kCompletions, kResponses, kEmbeddings, kOther };

// A copy: the request's body may be gone while the answer is given.
struct RequestFacts {
    explicit RequestFacts(const Request& request);

    Endpoint endpoint = Endpoint::kOther;
    std::string method;
    std::string path;
    std::string model;
    bool is_stream = false;
    bool shows_usage = false;    // the stream brings an event with the usage, and the client gets it
    bool reports_usage = false;  // the stream brings the usage
    std::uint64_t prompt_tokens = 0;
    bool has_prefill = false;          // the last message is the assistant's
    std::uint32_t prefill_tokens = 0;  // the number it ends with: the answer goes on behind it
};

}  // namespace sluice::fault
