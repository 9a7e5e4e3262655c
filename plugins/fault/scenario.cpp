#include "scenario.hpp"

namespace sluice::fault {
namespace {

// The README says what each of them rehearses; a test holds the two together.
constexpr Scenario kScenarios[] = {
    {"ok", ""},
    {"rate_limited_once", "status=429;retry_after=2;times=1, ok"},
    {"rate_limited", "status=429"},
    {"failing_once", "status=500;times=1, ok"},
    {"unavailable", "status=503"},
    {"reset", "fault=reset"},
    {"reset_once", "fault=reset;times=1, ok"},
    {"refused", "fault=refused"},
    {"silent", "fault=hang"},
    {"slow_first_token", "first_token_ms=20000"},
    {"silent_after_head", "fault=stall"},
    {"cut", "fault=cut;after=40;tokens=60"},
    {"early_end", "fault=early_end;after=40;tokens=60"},
    {"silent_stream", "fault=stall;after=10;tokens=60"},
    {"bad_event", "fault=not_json;after=10;tokens=60"},
    {"no_terminator", "fault=no_terminator"},
    {"left_open", "fault=left_open"},
    {"context_length", "error=context_length"},
    {"content_policy", "error=content_policy"},
    {"prefill_refused", "error=prefill;when=prefill"},
    {"down", "fault=refused;until_ms=60000, ok"},
    {"error_in_stream", "fault=error_event;error=overloaded;after=10;tokens=60"},
    {"error_first", "fault=error_event;error=overloaded"},
    {"html", "status=502;error=html"},
    {"quota", "error=quota"},
    {"wrong_key", "status=401"},
    {"wrong_length", "fault=long_length"},
    {"endless", "fault=endless;token_ms=20"},
};

}  // namespace

std::span<const Scenario> scenarios() { return kScenarios; }

}  // namespace sluice::fault
