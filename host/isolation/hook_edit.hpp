#pragma once

#include <sluice/ext/middleware.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "isolation/payload.hpp"

namespace sluice::isolation {

/// Collects what a middleware does with an exchange, in its order, to be done in the gateway when the hook has
/// returned.
class HookEdits {
public:
    void set_request_header(std::string_view name, std::string_view value);
    void set_body(std::string_view json);
    void set_attribute(std::string_view name, std::string_view value);
    void set_response_header(std::string_view name, std::string_view value);
    void reply(const sluice_response& response, std::string_view body);
    void refuse(const sluice_error& error);

    /// What was collected; nothing is left.
    std::string take() noexcept;

private:
    std::string bytes_;
};

/// Does with `exchange` what HookEdits has collected. False where that is malformed, or the gateway does not accept it:
/// then the request has to be refused. [loop-thread]
bool apply_edits(std::string_view edits, sluice_exchange* exchange, const sluice_exchange_api& api);

}  // namespace sluice::isolation
