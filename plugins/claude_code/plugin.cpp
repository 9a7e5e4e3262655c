// The plugin's entry.
#include <sluice/cpp/plugin.hpp>

#include <string_view>
#include <utility>

#include "config.hpp"
#include "config_schema.hpp"
#include "instance.hpp"

namespace sluice::claude_code {

class ClaudeCode : public Backend {
public:
    static constexpr std::string_view kConfigSchema = claude_code::kConfigSchema;

    ClaudeCode(Host host, std::string_view config_json) : instance_(host, parse_config(config_json)) {}

    // Backend
    void start(Call&& call) override { instance_.start(std::move(call)); }
    void models(ModelList&& list) override { instance_.list_models(std::move(list)); }
    void health(HealthReport&& report) override { instance_.tell_health(std::move(report)); }
    void shut_down() noexcept override { instance_.shut_down(); }

private:
    Instance instance_;
};

}  // namespace sluice::claude_code

SLUICE_DECLARE_NEEDS("sluice.host.loop/1 sluice.host.folder/1 sluice.host.store/1")
SLUICE_PLUGIN("claude_code", "0.1.0", sluice::claude_code::ClaudeCode)
