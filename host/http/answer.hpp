#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sluice::http {

/// A whole answer that the gateway makes itself.
struct Answer {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace sluice::http
