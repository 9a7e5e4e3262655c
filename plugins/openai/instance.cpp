#include "instance.hpp"

#include <utility>

#include "abi_text.hpp"
#include "ascii_case.hpp"
#include "base_url.hpp"
#include "errand.hpp"

namespace sluice::openai {
namespace {

constexpr std::size_t kClosedAtOnce = 4;

template <typename Table>
const Table* find_interface(const sluice_host* host, std::string_view id) {
    return static_cast<const Table*>(host->get_interface(host, to_abi(id)));
}

// Fields whose values are secrets wherever they are sent.
bool is_secret_field(std::string_view name) {
    std::string lower;
    for (const char c : name) lower.push_back(to_lower_ascii(c));
    for (const std::string_view word : {"authorization", "key", "token", "secret", "cookie"}) {
        if (lower.find(word) != std::string::npos) return true;
    }
    return false;
}

std::string_view without_scheme(std::string_view value) {
    const auto blank = value.find(' ');
    return blank == std::string_view::npos ? value : value.substr(blank + 1);
}

const BaseUrl& first_hop(const Config& config) { return config.proxy ? *config.proxy : config.base_url; }

void refuse(sluice_call* call, const sluice_call_api* api, std::string_view code, std::string_view message) {
    sluice_error error{};
    error.struct_size = sizeof(error);
    error.code = to_abi(code);
    error.message = to_abi(message);
    api->fail(call, &error, nullptr);
}

std::string_view refusal_text(std::string_view code) {
    if (code == "passthrough_disabled")
        return "passing requests through is switched off by the configuration (enabled: false)";
    return "no upstream key is configured (api_key, api_keys) and the request brought none (X-OpenAI-API-Key)";
}

}  // namespace

std::unique_ptr<Instance> Instance::create(const sluice_host* host, std::string_view config_json,
                                           std::string& problem) {
    HostServices services;
    services.host = host;
    services.loop = find_interface<sluice_host_loop>(host, SLUICE_HOST_LOOP_ID);
    services.log = find_interface<sluice_host_log>(host, SLUICE_HOST_LOG_ID);
    services.metrics = find_interface<sluice_host_metrics>(host, SLUICE_HOST_METRICS_ID);
    if (services.loop == nullptr) {
        problem = "the host does not offer " SLUICE_HOST_LOOP_ID;
        return nullptr;
    }
    Config config;
    if (!parse_config(config_json, config, problem)) return nullptr;
    std::unique_ptr<Instance> self(new Instance(services, std::move(config)));
    if (!self->open_tls(problem)) return nullptr;
    self->open_loops();
    return self;
}

Instance::Instance(const HostServices& services, Config config)
    : services_(services),
      config_(std::move(config)),
      metrics_(services_),
      server_keys_(services_, config_, metrics_),
      writer_(config_),
      resolver_(first_hop(config_).host, first_hop(config_).port, services.loop) {
    for (const ServerKey& key : config_.server_keys) mask_.add(key.text);
    for (const auto& [name, value] : config_.headers) {
        if (is_secret_field(name)) mask_.add(without_scheme(value));
    }
}

Instance::~Instance() {
    // First the resolver: when it has ended, nothing further is posted, and what was is run before our errand.
    resolver_.stop();
    for (auto& slot : loops_) {
        if (slot == nullptr) continue;
        close_idle_connections(*slot);
        run_errand(*services_.loop, slot->state.loop, [&slot] {
            while (!slot->model_lists.empty()) slot->model_lists.back()->abandon();
            slot.reset();
        });
    }
}

// A few in each round of the loop: to close one takes the kernel some 20 us, in which the loop serves nobody else, and
// there may be hundreds.
void Instance::close_idle_connections(OnLoop& slot) const {
    bool are_there_more = true;
    while (are_there_more) {
        run_errand(*services_.loop, slot.state.loop,
                   [&] { are_there_more = slot.state.pool.close_some(kClosedAtOnce); });
    }
}

void Instance::start(sluice_call* call, const sluice_call_api* api, const sluice_request* request) {
    ClientKey key;
    if (config_.allows_client_key) key = find_client_key(*request);
    if (!key.problem.empty()) return refuse(call, api, "invalid_header_value", key.problem);
    const std::string_view code = refusal(key.value);
    if (code.empty() && !has_dot_segment(to_view(request->path))) {
        return begin(call, api, request, key.value);
    }
    metrics_.count(Outcome::kRefused);
    if (!code.empty()) return refuse(call, api, code, refusal_text(code));
    refuse(call, api, "invalid_request",
           "the path holds a segment '.' or '..', which could lead out of the upstream's API");
}

void Instance::begin(sluice_call* call, const sluice_call_api* api, const sluice_request* request,
                     std::string_view client_key) {
    OnLoop& here = on_loop(api->loop(call));
    std::uint64_t wait_ms = 0;
    std::optional<UpstreamKey> key = client_key.empty() ? here.keys.take(wait_ms) : UpstreamKey::of_client(client_key);
    if (key) return here.calls.make(here.context, call, api, request, *std::move(key))->start();
    metrics_.count(Outcome::kRefused);
    const Failure shortage = ServerKeys::shortage(wait_ms);
    const sluice_error error = to_abi(shortage);
    api->fail(call, &error, nullptr);
}

void Instance::list_models(sluice_models* models, const sluice_models_api* api) {
    const std::string_view code = refusal({});
    if (!code.empty()) {
        sluice_error error{};
        error.struct_size = sizeof(error);
        error.code = to_abi(code);
        error.message = to_abi(refusal_text(code));
        return api->done(models, &error);
    }
    OnLoop& here = on_loop(api->loop(models));
    std::uint64_t wait_ms = 0;
    std::optional<UpstreamKey> key = here.keys.take(wait_ms);
    if (!key) {
        const Failure shortage = ServerKeys::shortage(wait_ms);
        const sluice_error error = to_abi(shortage);
        return api->done(models, &error);
    }
    const auto on_over = [&here](ModelList& list) {
        std::erase_if(here.model_lists, [&](const auto& entry) { return entry.get() == &list; });
    };
    here.model_lists.push_back(std::make_unique<ModelList>(here.context, *std::move(key), models, api, on_over));
    here.model_lists.back()->start();
}

void Instance::tell_health(sluice_health* health, const sluice_health_api* api) {
    const bool has_key = config_.auth == Auth::kNone || !config_.server_keys.empty() || config_.allows_client_key;
    if (!config_.is_enabled) return api->done(health, SLUICE_HEALTH_DOWN, to_abi("disabled"));
    if (!has_key) return api->done(health, SLUICE_HEALTH_DOWN, to_abi("no_key"));
    if (on_loop(api->loop(health)).keys.are_all_retired()) {
        const sluice_health_state state = config_.allows_client_key ? SLUICE_HEALTH_DEGRADED : SLUICE_HEALTH_DOWN;
        return api->done(health, state, to_abi("keys_refused"));
    }
    api->done(health, SLUICE_HEALTH_OK, to_abi("ok"));
}

bool Instance::open_tls(std::string& problem) {
    if (!config_.base_url.is_https) return true;
    tls_ = TlsContext::open(config_.base_url.host, config_.ca_file, problem);
    return tls_ != nullptr;
}

void Instance::open_loops() {
    target_ = std::make_unique<UpstreamTarget>(UpstreamTarget{services_, config_, metrics_, resolver_, tls_.get()});
    const std::size_t count = services_.loop->count(services_.host);
    for (std::size_t i = 0; i < count; ++i) {
        loops_.push_back(
            std::make_unique<OnLoop>(*target_, writer_, mask_, server_keys_, services_.loop->at(services_.host, i)));
    }
    const bool is_probe = (services_.host->flags & SLUICE_HOST_PROBE) != 0;
    if (config_.warm_connections == 0 || is_probe) return;
    // Nothing waits for it: destroy() posts behind it, to the same loop.
    const auto warm = [](void* ctx) noexcept { static_cast<OnLoop*>(ctx)->state.warm_up.refill(); };
    for (const auto& slot : loops_) services_.loop->post(slot->state.loop, warm, slot.get());
}

std::string_view Instance::refusal(std::string_view client_key) const {
    if (!config_.is_enabled) return "passthrough_disabled";
    const bool has_key = config_.auth == Auth::kNone || !config_.server_keys.empty() || !client_key.empty();
    return has_key ? "" : "passthrough_not_configured";
}

}  // namespace sluice::openai
