#pragma once

#include <sluice/error.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::http {

/// One row: what a code means on the wire.
struct ErrorRow {
    std::string_view code;
    int status;
    std::string_view type;
};

/// Every code the gateway itself answers with. Adding a code means adding its row here.
std::span<const ErrorRow> error_table() noexcept;

/// The row of `code`, or nullptr for a code that only a plugin knows.
const ErrorRow* find_error(std::string_view code) noexcept;

/// An error on its way to a client: the four members of OpenAI's schema, and the status they travel with.
struct WireError {
    int status = 500;
    std::string type;
    std::string code;
    std::string param;    ///< empty = null
    std::string message;  ///< says what was found and what was expected; never a secret
    std::uint32_t retry_after_ms = 0;

    /// An error of the table; a code that is not in it becomes internal_error.
    static WireError of(std::string_view code, std::string message, std::string_view param = {});

    /// {"error":{"message","type","param","code"}}
    std::string json() const;
};

/// What a plugin says went wrong, as a client gets it.
WireError wire_error_of(const sluice_error& error);

/// Appends the JSON string literal of `text`, quotes included. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace sluice::http
