/*
 * A plugin for the tests of the loader, built several times with one thing wrong each. As a backend and a middleware it
 * does nothing; create() obeys its configuration: "fail" fails, "empty" gives no instance, "services" uses the host's.
 */
#include "sluice/ext/backend.h"
#include "sluice/ext/clock.h"
#include "sluice/ext/log.h"
#include "sluice/ext/metrics.h"
#include "sluice/ext/middleware.h"
#include "sluice/plugin.h"

#include <stdlib.h>
#include <string.h>

#ifndef FIXTURE_NAME
#define FIXTURE_NAME "fixture"
#endif
#ifndef FIXTURE_ABI_MINOR
#define FIXTURE_ABI_MINOR SLUICE_ABI_MINOR
#endif
#ifndef FIXTURE_REFUSES
#define FIXTURE_REFUSES 0
#endif
#ifndef FIXTURE_TABLES
#define FIXTURE_TABLES 1
#endif

#ifndef FIXTURE_WITHOUT_MANIFEST
SLUICE_DECLARE_MANIFEST("fixture", "1.2.3", SLUICE_KIND_BACKEND | SLUICE_KIND_MIDDLEWARE, SLUICE_MANIFEST_EXAMPLE)
#endif

#ifdef FIXTURE_NEEDS
SLUICE_DECLARE_NEEDS(FIXTURE_NEEDS)
#endif

#ifdef FIXTURE_UNDEFINED
int fixture_not_there(void);
#endif

struct sluice_backend {
    const sluice_host* host;
};

static const sluice_host_log* host_log(const sluice_host* host) {
    const sluice_str id = SLUICE_STR(SLUICE_HOST_LOG_ID);
    return host->get_interface(host, id);
}

static void say(const sluice_host* host, const char* text) {
    const sluice_str message = {text, strlen(text)};
    host_log(host)->write(host, SLUICE_LOG_INFO, message);
}

static int has(sluice_str text, const char* part) {
    const size_t length = strlen(part);
    for (size_t at = 0; at + length <= text.len; ++at) {
        if (memcmp(text.ptr + at, part, length) == 0) {
            return 1;
        }
    }
    return 0;
}

static sluice_status use_services(const sluice_host* host, sluice_text_sink errors) {
    const sluice_str metrics_id = SLUICE_STR(SLUICE_HOST_METRICS_ID);
    const sluice_str clock_id = SLUICE_STR(SLUICE_HOST_CLOCK_ID);
    const sluice_str unknown_id = SLUICE_STR("sluice.host.nothing/1");
    const sluice_str name = SLUICE_STR("created_total");
    const sluice_str bad_name = SLUICE_STR("Created");
    const sluice_str help = SLUICE_STR("Instances created.");
    const sluice_host_metrics* metrics = host->get_interface(host, metrics_id);
    const sluice_host_clock* clock = host->get_interface(host, clock_id);
    const sluice_str complaint = SLUICE_STR("a service is not as it should be");
    sluice_metric* counter = metrics->counter(host, name, help, NULL, 0);
    if (counter == NULL || metrics->counter(host, bad_name, help, NULL, 0) != NULL ||
        host->get_interface(host, unknown_id) != NULL || clock->monotonic_ns(host) == 0 ||
        clock->unix_ms(host) < 1700000000000u || host_log(host)->is_enabled(host, SLUICE_LOG_TRACE) != 0) {
        errors.put(errors.ctx, complaint);
        return SLUICE_E_INTERNAL;
    }
    metrics->add(counter, 2);
    metrics->add(NULL, 1);
    metrics->set(NULL, 1);
    say(host, "services used");
    return SLUICE_OK;
}

static sluice_status create(const sluice_host* host, sluice_str config, sluice_text_sink errors, sluice_backend** out) {
    const sluice_str first = SLUICE_STR("upstream: found nothing, ");
    const sluice_str second = SLUICE_STR("expected a URL");
    if (has(config, "fail")) {
        errors.put(errors.ctx, first);
        errors.put(errors.ctx, second);
        return SLUICE_E_INVALID;
    }
    if (has(config, "empty")) {
        return SLUICE_OK;
    }
    if (has(config, "services")) {
        const sluice_status status = use_services(host, errors);
        if (status != SLUICE_OK) {
            return status;
        }
    }
    sluice_backend* backend = malloc(sizeof *backend);
    if (backend == NULL) {
        return SLUICE_E_NO_MEMORY;
    }
    backend->host = host;
    *out = backend;
    return SLUICE_OK;
}

static void destroy(sluice_backend* backend) {
    say(backend->host, "destroyed");
    free(backend);
}

static sluice_status start(sluice_backend* backend, sluice_call* call, const sluice_call_api* api,
                           const sluice_request* request) {
    (void)backend, (void)request;
    api->finish(call, NULL);
    return SLUICE_OK;
}

static sluice_status create_middleware(const sluice_host* host, sluice_str config, sluice_text_sink errors,
                                       sluice_middleware** out) {
    return create(host, config, errors, (sluice_backend**)out);
}

static void destroy_middleware(sluice_middleware* middleware) { destroy((sluice_backend*)middleware); }

static const sluice_str kPaths[] = {SLUICE_STR("/v1/chat/completions"), SLUICE_STR("/v1/files/")};

static const sluice_backend_api kBackend = {
    .struct_size = sizeof(sluice_backend_api),
    .flags = SLUICE_BACKEND_ASYNC,
    .paths = kPaths,
    .path_count = 2,
    .create = create,
    .destroy = destroy,
    .start = start,
};

static const sluice_middleware_api kMiddleware = {
    .struct_size = sizeof(sluice_middleware_api),
    .create = create_middleware,
    .destroy = destroy_middleware,
};

static const void* get_interface(sluice_str id) {
    if (FIXTURE_TABLES && has(id, SLUICE_BACKEND_ID)) {
        return &kBackend;
    }
    if (FIXTURE_TABLES && has(id, SLUICE_MIDDLEWARE_ID)) {
        return &kMiddleware;
    }
    return NULL;
}

static const sluice_plugin kPlugin = {
    .struct_size = sizeof(sluice_plugin),
    .abi_major = SLUICE_ABI_MAJOR,
    .abi_minor = FIXTURE_ABI_MINOR,
    .name = SLUICE_STR(FIXTURE_NAME),
    .version = SLUICE_STR("1.2.3"),
    .config_schema = SLUICE_STR("{\"type\":\"object\"}"),
    .get_interface = get_interface,
};

#ifdef FIXTURE_WITHOUT_QUERY
SLUICE_EXPORT const sluice_plugin* fixture_query(void) { return &kPlugin; }
#else
const sluice_plugin* sluice_plugin_query(uint32_t host_major, uint32_t host_minor) {
    (void)host_major, (void)host_minor;
#ifdef FIXTURE_UNDEFINED
    if (fixture_not_there()) {
        return NULL;
    }
#endif
    return FIXTURE_REFUSES ? NULL : &kPlugin;
}
#endif
