#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/error_table.hpp"
#include "http/request.hpp"
#include "result.hpp"

namespace sluice::app {

/// What `sluice route explain` is asked: a request, as far as routes look at one.
struct RouteQuestion {
    using Pairs = std::vector<std::pair<std::string, std::string>>;

    std::optional<std::string> method;  ///< absent: POST
    std::optional<std::string> path;    ///< absent: /v1/chat/completions; may have a query
    std::optional<std::string> model;
    Pairs headers;             ///< in the order of their lines
    Pairs attributes;          ///< that middleware would have set
    std::string request_file;  ///< "-": standard input; empty: none
    bool is_json = false;
};

/// Reads the words behind `sluice route`, "explain" included. An error says what was found and what was expected.
Result<RouteQuestion> read_route_question(const std::vector<std::string>& words);

/// The words that read_route_question() reads the same from, without the file.
std::vector<std::string> words_of(const RouteQuestion& question);

/// Makes `request` (empty) what the gateway would make of the question: by the same strict parser. Returns the error
/// that a client would get instead, or nothing.
std::optional<http::WireError> fill_request(const RouteQuestion& question, std::size_t max_url_bytes,
                                            http::Request& request);

}  // namespace sluice::app
