#pragma once

#include <string>
#include <vector>

#include "generation/generation.hpp"
#include "reload/generation_drain.hpp"
#include "reload/reloader.hpp"
#include "reload/unload_records.hpp"

namespace sluice::reload {

/// What there is to know about the gateway's generations and plugins at one moment.
struct Status {
    std::string version;
    std::shared_ptr<const generation::Generation> serving;
    std::vector<GenerationDrain::Draining> draining;
    std::vector<plugin::UnloadReport> resident;
    std::shared_ptr<const Reloader::Last> last_reload;  ///< may be null
};

/// For people, and the same as one JSON object. `sluice status`.
std::string status_text(const Status& status);
std::string status_json(const Status& status);

/// The plugins of a generation with their files and instances, and closed ones that are still in memory. `sluice
/// plugins`.
std::string plugins_text(const Status& status);
std::string plugins_json(const Status& status);

/// How a reload ended: what goes to the output, what to the errors. `sluice reload`.
std::string outcome_text(const Outcome& outcome);
std::string refusal_text(const Outcome& outcome);

}  // namespace sluice::reload
