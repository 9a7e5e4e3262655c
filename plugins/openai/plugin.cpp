// The plugin's entry: the tables of the C ABI, over Instance.
#include "sluice/plugin.h"

#include <exception>

#include "abi_text.hpp"
#include "config_schema.hpp"
#include "instance.hpp"

SLUICE_DECLARE_MANIFEST("openai", "0.1.0", SLUICE_KIND_BACKEND, 0)
SLUICE_DECLARE_NEEDS(SLUICE_HOST_LOOP_ID)

namespace sluice::openai {
namespace {

constexpr sluice_str kPaths[] = {SLUICE_STR("/v1/")};

Instance* instance_of(sluice_backend* backend) { return reinterpret_cast<Instance*>(backend); }

sluice_status create(const sluice_host* host, sluice_str config_json, sluice_text_sink errors,
                     sluice_backend** out) noexcept {
    try {
        std::string problem;
        std::unique_ptr<Instance> instance = Instance::create(host, to_view(config_json), problem);
        if (instance == nullptr) {
            errors.put(errors.ctx, to_abi(problem));
            return SLUICE_E_INVALID;
        }
        *out = reinterpret_cast<sluice_backend*>(instance.release());
        return SLUICE_OK;
    } catch (const std::exception& error) {
        errors.put(errors.ctx, to_abi(error.what()));
        return SLUICE_E_INTERNAL;
    }
}

void destroy(sluice_backend* backend) noexcept { delete instance_of(backend); }

sluice_status start(sluice_backend* backend, sluice_call* call, const sluice_call_api* api,
                    const sluice_request* request) noexcept {
    instance_of(backend)->start(call, api, request);
    return SLUICE_OK;
}

sluice_status models(sluice_backend* backend, sluice_models* models, const sluice_models_api* api) noexcept {
    instance_of(backend)->list_models(models, api);
    return SLUICE_OK;
}

sluice_status health(sluice_backend* backend, sluice_health* health, const sluice_health_api* api) noexcept {
    instance_of(backend)->tell_health(health, api);
    return SLUICE_OK;
}

constexpr sluice_backend_api kBackend{
    sizeof(sluice_backend_api), SLUICE_BACKEND_ASYNC, kPaths, 1, create, destroy, start, models, health, nullptr};

const void* get_interface(sluice_str id) noexcept { return to_view(id) == SLUICE_BACKEND_ID ? &kBackend : nullptr; }

}  // namespace
}  // namespace sluice::openai

const sluice_plugin* sluice_plugin_query(std::uint32_t host_major, std::uint32_t) noexcept {
    using namespace sluice::openai;
    if (host_major != SLUICE_ABI_MAJOR) return nullptr;
    static const sluice_plugin plugin{sizeof(sluice_plugin), 0,
                                      SLUICE_ABI_MAJOR,      SLUICE_ABI_MINOR,
                                      SLUICE_STR("openai"),  SLUICE_STR("0.1.0"),
                                      to_abi(kConfigSchema), get_interface};
    return &plugin;
}
