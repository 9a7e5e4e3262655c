#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/probe_process.hpp"
#include "result.hpp"

namespace sluice::plugin {

/// First argument of the program where it is to be the child of a probe.
inline constexpr const char* kProbeMode = "--probe";

/// What the child is told. `folder` is its own, of mode 0700, and removed by the parent.
struct ProbeOrder {
    int parent = 0;
    TrialLimits limits;
    std::filesystem::path folder;
    ProbeRequest request;
};

/// What the child is about to do. The words are those on the wire.
enum class ProbeStep { kStart, kInspect, kLoad, kQuery, kCreate, kDestroy, kUnload };

/// What the child has said: how far it came, and whether it refused or ended there.
struct ProbeReport {
    ProbeStep step = ProbeStep::kStart;
    std::string instance;
    bool has_ended = false;
    bool has_refused = false;
    std::string refusal;
};

/// How the order travels. Reading fails with what was found and what was expected.
std::string probe_order_json(const ProbeOrder& order);
Result<ProbeOrder> read_probe_order(const std::string& json);

/// One line of the report each.
std::string probe_step_line(ProbeStep step, std::string_view instance = "");
std::string probe_refusal_line(std::string_view reason);
std::string probe_end_line();
/// The report so far; lines that are none are passed over, since the plugin can write there too.
ProbeReport read_probe_report(std::string_view lines);

/// The step as a ProbeFailure names it.
std::string_view step_name(ProbeStep step);
/// "while its static constructors ran (load)", `in create of instance "x"`.
std::string step_text(ProbeStep step, std::string_view instance);

}  // namespace sluice::plugin
