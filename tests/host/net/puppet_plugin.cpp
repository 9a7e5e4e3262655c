// puppet.so: a backend and a middleware that do what a class of the test does. PUPPET_FLAGS are the flags of the
// backend (asynchronous or not); with PUPPET_WITHOUT_HEAD the middleware has no on_head.
#include "puppet.hpp"

#include <sluice/manifest.h>
#include <sluice/plugin.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using sluice::test::PuppetBackend;
using sluice::test::PuppetMiddleware;

template <class Puppet>
Puppet& puppet(void* handle) {
    return *static_cast<Puppet*>(handle);
}

template <class Puppet>
sluice_status find_puppet(sluice_str config, sluice_text_sink errors, void** out) noexcept {
    constexpr std::string_view kKey = "\"address\"";
    const std::string text(config.ptr, config.len);
    const std::size_t key = text.find(kKey);
    const std::size_t digits = text.find_first_of("0123456789", key == std::string::npos ? text.size() : key);
    if (digits == std::string::npos) {
        const sluice_str complaint = SLUICE_STR("address: found none, expected that of a puppet");
        errors.put(errors.ctx, complaint);
        return SLUICE_E_INVALID;
    }
    *out = reinterpret_cast<Puppet*>(std::strtoull(text.c_str() + digits, nullptr, 10));
    return SLUICE_OK;
}

constexpr sluice_str kPaths[] = {SLUICE_STR("/v1/")};

constexpr sluice_backend_api kBackend = {
    sizeof(sluice_backend_api),
    PUPPET_FLAGS,
    kPaths,
    1,
    [](const sluice_host*, sluice_str config, sluice_text_sink errors, sluice_backend** out) noexcept {
        return find_puppet<PuppetBackend>(config, errors, reinterpret_cast<void**>(out));
    },
    [](sluice_backend*) noexcept {},
    [](sluice_backend* backend, sluice_call* call, const sluice_call_api* api, const sluice_request* request) noexcept {
        return puppet<PuppetBackend>(backend).start(call, *api, *request);
    },
    [](sluice_backend* backend, sluice_models* models, const sluice_models_api* api) noexcept {
        return puppet<PuppetBackend>(backend).models(models, *api);
    },
    [](sluice_backend* backend, sluice_health* health, const sluice_health_api* api) noexcept {
        return puppet<PuppetBackend>(backend).health(health, *api);
    },
    nullptr,
};

constexpr sluice_middleware_api kMiddleware = {
    sizeof(sluice_middleware_api),
    0,
    [](const sluice_host*, sluice_str config, sluice_text_sink errors, sluice_middleware** out) noexcept {
        return find_puppet<PuppetMiddleware>(config, errors, reinterpret_cast<void**>(out));
    },
    [](sluice_middleware*) noexcept {},
#ifdef PUPPET_WITHOUT_HEAD
    nullptr,
#else
    [](sluice_middleware* middleware, void** slot, sluice_exchange* exchange, const sluice_exchange_api* api) noexcept {
        return puppet<PuppetMiddleware>(middleware).on_head(slot, exchange, *api);
    },
#endif
    [](sluice_middleware* middleware, void** slot, sluice_exchange* exchange, const sluice_exchange_api* api) noexcept {
        return puppet<PuppetMiddleware>(middleware).on_request(slot, exchange, *api);
    },
    [](sluice_middleware* middleware, void** slot, sluice_exchange* exchange, const sluice_exchange_api* api) noexcept {
        puppet<PuppetMiddleware>(middleware).on_response(slot, exchange, *api);
    },
    [](sluice_middleware* middleware, void** slot, sluice_exchange* exchange, const sluice_exchange_api* api,
       sluice_str name, sluice_str data, sluice_text_sink replacement) noexcept {
        return puppet<PuppetMiddleware>(middleware).on_chunk(slot, exchange, *api, name, data, replacement);
    },
    [](sluice_middleware* middleware, void* slot, const sluice_summary* summary) noexcept {
        puppet<PuppetMiddleware>(middleware).on_complete(slot, *summary);
    },
    nullptr,
};

const void* get_interface(sluice_str id) noexcept {
    const std::string_view wanted(id.ptr, id.len);
    if (wanted == SLUICE_BACKEND_ID) return &kBackend;
    if (wanted == SLUICE_MIDDLEWARE_ID) return &kMiddleware;
    return nullptr;
}

constexpr sluice_plugin kPlugin = {
    sizeof(sluice_plugin),
    0,
    SLUICE_ABI_MAJOR,
    SLUICE_ABI_MINOR,
    SLUICE_STR(PUPPET_NAME),
    SLUICE_STR("1.0.0"),
    SLUICE_STR(
        "{\"type\":\"object\",\"properties\":{\"address\":{\"type\":\"string\"}},\"additionalProperties\":false}"),
    get_interface,
};

}  // namespace

SLUICE_DECLARE_MANIFEST(PUPPET_NAME, "1.0.0", SLUICE_KIND_BACKEND | SLUICE_KIND_MIDDLEWARE, 0)

const sluice_plugin* sluice_plugin_query(uint32_t, uint32_t) noexcept { return &kPlugin; }
