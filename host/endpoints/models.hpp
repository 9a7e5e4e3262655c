#pragma once

#include <string_view>

#include "http/answer.hpp"
#include "http/error_table.hpp"
#include "result.hpp"
#include "routing/model_catalog.hpp"

namespace sluice::endpoints {

/// GET /v1/models and GET /v1/models/{id}, by `path`. Asks the backends again when the lists are older than a minute,
/// and waits for that at most five seconds. `visible` are patterns with commas between: other models are not shown;
/// empty shows all. Blocks: for a cold-route thread.
Result<http::Answer, http::WireError> answer_models(routing::ModelCatalog& catalog, std::string_view path,
                                                    std::string_view visible = {});

}  // namespace sluice::endpoints
