// The key a client brings for the upstream.
#pragma once

#include <string_view>

#include "sluice/message.h"

namespace sluice::openai {

struct ClientKey {
    std::string_view value;    // empty: the client brought none
    std::string_view problem;  // static text for the client, empty if all is well
};

// Looks for X-OpenAI-API-Key: one value of 1 to 256 visible ASCII characters.
ClientKey find_client_key(const sluice_request& request);

}  // namespace sluice::openai
