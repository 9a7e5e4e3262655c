#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "http/error_table.hpp"
#include "http/request.hpp"

namespace sluice::endpoints {

/// Checks whole JSON bodies and reads from them what the gateway itself needs. One for each loop: it keeps the
/// parser's memory. [loop-thread]
class JsonRequestReader {
public:
    JsonRequestReader(std::size_t max_depth, std::size_t max_model_characters);
    ~JsonRequestReader();

    /// Checks that the body is one JSON object in valid UTF-8, and fills model, stream, usage wish and choice count of
    /// `request`. Returns the error to answer, or nothing.
    std::optional<http::WireError> read(http::Request& request);

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::size_t max_depth_;
    std::size_t max_model_characters_;
};

}  // namespace sluice::endpoints
