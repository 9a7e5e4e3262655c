#pragma once

#include <sluice/ext/backend.h>
#include <sluice/ext/middleware.h>

#include <cstdint>
#include <string>

namespace sluice::test {

/// What the plugin puppet.so does as a backend: the test that configures an instance says so. Handed over by address,
/// in the configuration; it outlives the instance.
class PuppetBackend {
public:
    virtual ~PuppetBackend() = default;
    virtual sluice_status start(sluice_call* call, const sluice_call_api& api, const sluice_request& request) = 0;
    virtual sluice_status models(sluice_models* models, const sluice_models_api& api) {
        api.done(models, nullptr);
        return SLUICE_OK;
    }
    virtual sluice_status health(sluice_health* health, const sluice_health_api& api) {
        const sluice_str word = SLUICE_STR("ok");
        api.done(health, SLUICE_HEALTH_OK, word);
        return SLUICE_OK;
    }
};

/// The same for a middleware.
class PuppetMiddleware {
public:
    virtual ~PuppetMiddleware() = default;
    virtual sluice_verdict on_head(void**, sluice_exchange*, const sluice_exchange_api&) { return SLUICE_CONTINUE; }
    virtual sluice_verdict on_request(void**, sluice_exchange*, const sluice_exchange_api&) { return SLUICE_CONTINUE; }
    virtual void on_response(void**, sluice_exchange*, const sluice_exchange_api&) {}
    virtual sluice_chunk_verdict on_chunk(void**, sluice_exchange*, const sluice_exchange_api&, sluice_str /*name*/,
                                          sluice_str /*data*/, sluice_text_sink /*replacement*/) {
        return SLUICE_CHUNK_PASS;
    }
    virtual void on_complete(void*, const sluice_summary&) {}
};

/// The configuration that hands `puppet` over: {"address": "..."}.
template <class Puppet>
std::string address_of(Puppet& puppet) {
    return "{\"address\": \"" + std::to_string(reinterpret_cast<std::uintptr_t>(&puppet)) + "\"}";
}

}  // namespace sluice::test
