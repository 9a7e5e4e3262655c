#include "identity/denial.hpp"

#include <utility>

namespace sluice::auth {
namespace {

using Kind = Denial::Kind;

std::string message_of(const Authorization& found) {
    switch (found.kind) {
        case Authorization::Kind::kSeveral:
            return "Authorization: expected one header, found " + std::to_string(found.count) + ".";
        case Authorization::Kind::kOtherScheme:
            return "Authorization: expected \"Bearer\" and an API key, found another scheme.";
        case Authorization::Kind::kTooLong:
            return "Authorization: expected an API key of at most " + std::to_string(kMaxKeyBytes) + " bytes, found " +
                   std::to_string(found.count) + ".";
        case Authorization::Kind::kNotPrintable:
            return "Authorization: expected an API key of printable ASCII characters without blanks, found others.";
        case Authorization::Kind::kMissing:
        case Authorization::Kind::kKey: break;
    }
    return "No API key was found; expected it in the header \"Authorization: Bearer <key>\".";
}

}  // namespace

Error Denial::to_error() const {
    switch (kind) {
        case Kind::kMissing: return Error("missing_api_key", message);
        case Kind::kUnavailable: return Error("backend_unavailable", message);
        case Kind::kInvalid:
        case Kind::kExpired:
        case Kind::kRevoked: break;
    }
    return Error("invalid_api_key", message);
}

std::string_view Denial::name() const noexcept {
    switch (kind) {
        case Kind::kMissing: return "missing";
        case Kind::kInvalid: return "invalid";
        case Kind::kExpired: return "expired";
        case Kind::kRevoked: return "revoked";
        case Kind::kUnavailable: return "unavailable";
    }
    return "invalid";
}

Denial denial_of(const Authorization& found) {
    return {found.kind == Authorization::Kind::kMissing ? Kind::kMissing : Kind::kInvalid, message_of(found), {}};
}

Denial unknown_key(std::string masked) {
    return {Kind::kInvalid, "The API key is not known here; expected one that was given out for this gateway.",
            std::move(masked)};
}

Denial damaged_key(std::string masked) {
    return {Kind::kInvalid,
            "The API key is mistyped or cut off: its checksum does not fit. Expected a key as it was given out.",
            std::move(masked)};
}

Denial expired_key(std::string masked) { return {Kind::kExpired, "The API key has expired.", std::move(masked)}; }

Denial revoked_key(std::string masked) { return {Kind::kRevoked, "The API key was revoked.", std::move(masked)}; }

Denial refused_token(const std::string& reason) { return {Kind::kInvalid, "Authorization: " + reason + ".", "***"}; }

Denial unavailable() { return {Kind::kUnavailable, "API keys cannot be checked at the moment. Try again later.", {}}; }

}  // namespace sluice::auth
