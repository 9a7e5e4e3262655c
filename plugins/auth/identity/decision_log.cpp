#include "identity/decision_log.hpp"

#include <string>

namespace sluice::auth {
namespace {

Counter verdict_counter(Host host, std::string_view verdict) {
    return host.metrics().counter("requests_total", "Requests by what was found of their key", {{"verdict", verdict}});
}

// Names and models come from outside: a line of the log stays one line.
std::string on_one_line(std::string_view text) {
    std::string line(text.substr(0, 256));
    for (char& letter : line) {
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = '?';
    }
    return line;
}

std::string origin_of(Exchange& exchange) {
    const Request request = exchange.request();
    return " from " + std::string(request.client_address()) + ", request " + std::string(request.request_id());
}

}  // namespace

DecisionLog::DecisionLog(Host host, Audit audit)
    : log_(host.log()),
      audit_(audit),
      accepted_(verdict_counter(host, "accepted")),
      anonymous_(verdict_counter(host, "anonymous")),
      missing_(verdict_counter(host, "missing")),
      invalid_(verdict_counter(host, "invalid")),
      expired_(verdict_counter(host, "expired")),
      revoked_(verdict_counter(host, "revoked")),
      unavailable_(verdict_counter(host, "unavailable")),
      forbidden_(verdict_counter(host, "forbidden")) {}

void DecisionLog::note_accepted(Exchange& exchange, const KnownKey& key) const {
    accepted_.add();
    if (audit_ != Audit::kAll || !log_.is_enabled(SLUICE_LOG_INFO)) return;
    log_.info("accepted: key " + key.masked + " of " + key.owner + origin_of(exchange));
}

void DecisionLog::note_denied(Exchange& exchange, const Denial& denial) const {
    switch (denial.kind) {
        case Denial::Kind::kMissing: missing_.add(); break;
        case Denial::Kind::kInvalid: invalid_.add(); break;
        case Denial::Kind::kExpired: expired_.add(); break;
        case Denial::Kind::kRevoked: revoked_.add(); break;
        case Denial::Kind::kUnavailable: unavailable_.add(); break;
    }
    if (audit_ == Audit::kOff || !log_.is_enabled(SLUICE_LOG_WARN)) return;
    const std::string shown = denial.masked.empty() ? "" : ", key " + denial.masked;
    log_.warn("refused: " + std::string(denial.name()) + shown + origin_of(exchange) + ": " + denial.message);
}

void DecisionLog::note_forbidden(Exchange& exchange, const KnownKey& key, std::string_view what) const {
    forbidden_.add();
    if (audit_ == Audit::kOff || !log_.is_enabled(SLUICE_LOG_WARN)) return;
    log_.warn("refused: forbidden, key " + key.masked + " of " + key.owner + origin_of(exchange) + ": " +
              on_one_line(what));
}

}  // namespace sluice::auth
