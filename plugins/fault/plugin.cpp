// The plugin's entry.
#include <sluice/cpp/plugin.hpp>

#include <string_view>
#include <utility>

#include "config.hpp"
#include "config_schema.hpp"
#include "instance.hpp"

namespace sluice::fault {

class FaultBackend : public Backend {
public:
    static constexpr sluice_str kPaths[] = {SLUICE_STR("/v1/")};
    static constexpr std::string_view kConfigSchema = fault::kConfigSchema;
    // What fails on purpose must not make a gateway look healthy.
    static constexpr auto kManifestFlags = SLUICE_MANIFEST_EXAMPLE;

    FaultBackend(Host host, std::string_view config_json) : instance_(host, parse_config(config_json)) {}

    // Backend
    void start(Call&& call) override { instance_.start(std::move(call)); }
    void models(ModelList&& list) override { instance_.list_models(std::move(list)); }

private:
    Instance instance_;
};

}  // namespace sluice::fault

SLUICE_DECLARE_NEEDS("sluice.host.loop/1")
SLUICE_PLUGIN("fault", "0.1.0", sluice::fault::FaultBackend)
