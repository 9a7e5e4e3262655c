#pragma once

#include <string_view>

#include "app/route_question.hpp"
#include "config/config.hpp"
#include "result.hpp"

namespace sluice::app {

/// Adds to `question` what `text` says of the request, where the question does not say it itself: of headers, those of
/// other names. `text`: a JSON body, of which the model counts, or a whole HTTP/1.1 request with its body as it is;
/// lines may end in LF alone. Nothing else of the body is kept. `limits`: of JSON bodies. An error says what was found
/// and what was expected, and nothing of the body and of header values.
Result<void> take_request_text(std::string_view text, const config::Limits& limits, RouteQuestion& question);

}  // namespace sluice::app
