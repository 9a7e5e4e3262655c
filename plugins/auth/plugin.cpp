// The plugin's entry.
#include "sluice/cpp/plugin.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "config_schema.hpp"
#include "instance.hpp"

namespace sluice::auth {

class Auth : public MiddlewareWith<Caller> {
public:
    static constexpr std::string_view kConfigSchema = auth::kConfigSchema;
    static constexpr std::string_view kCommandName = "keys";
    static constexpr std::string_view kCommandSummary = "Create, list, show, rotate and revoke keys";

    Auth(Host host, std::string_view config_json)
        : instance_(std::make_unique<Instance>(host, parse_config(config_json))) {}

    // Middleware
    Verdict on_head(Exchange& exchange, Caller& caller) override { return instance_->on_head(exchange, caller); }
    Verdict on_request(Exchange& exchange, Caller& caller) override { return instance_->on_request(exchange, caller); }
    bool is_guarding() const noexcept override { return instance_->is_guarding(); }

    int run_command(const std::vector<std::string_view>& arguments, std::string& output, std::string& errors) {
        return instance_->run_command(arguments, output, errors);
    }

private:
    std::unique_ptr<Instance> instance_;
};

}  // namespace sluice::auth

SLUICE_DECLARE_NEEDS("sluice.host.loop/1 sluice.host.store/1")
SLUICE_PLUGIN("auth", "0.1.0", sluice::auth::Auth)
