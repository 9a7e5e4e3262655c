/* my-plugin: a middleware in C. It marks answers and measures how long exchanges take. */
#include <stdlib.h>
#include <string.h>

#include "sluice/ext/clock.h"
#include "sluice/ext/metrics.h"
#include "sluice/ext/middleware.h"
#include "sluice/plugin.h"

SLUICE_DECLARE_MANIFEST("my-plugin", "0.1.0", SLUICE_KIND_MIDDLEWARE, 0)
/* A host without them refuses this file, by the names of what it lacks. */
SLUICE_DECLARE_NEEDS("sluice.host.clock/1 sluice.host.metrics/1")

struct sluice_middleware {
    const sluice_host* host;
    const sluice_host_clock* clock;
    const sluice_host_metrics* metrics;
    sluice_metric* seconds; /* NULL, which the host ignores, where it has no room for it */
};

/* What is kept from on_head to on_complete of one exchange. */
typedef struct seen {
    uint64_t begin_ns;
} seen;

static sluice_str text_of(const char* text) {
    sluice_str result;
    result.ptr = text;
    result.len = strlen(text);
    return result;
}

static int equals(sluice_str text, const char* literal) {
    return text.len == strlen(literal) && memcmp(text.ptr, literal, text.len) == 0;
}

/* Makes an instance. The host has checked the configuration: without a schema it is `{}`. */
static sluice_status create(const sluice_host* host, sluice_str config, sluice_text_sink errors,
                            sluice_middleware** out) {
    static const double kBounds[] = {0.1, 1, 10, 60};
    sluice_middleware* middleware = (sluice_middleware*)calloc(1, sizeof(*middleware));
    (void)config;
    if (middleware == NULL) {
        errors.put(errors.ctx, text_of("out of memory"));
        return SLUICE_E_NO_MEMORY;
    }
    middleware->host = host;
    middleware->clock = (const sluice_host_clock*)host->get_interface(host, text_of(SLUICE_HOST_CLOCK_ID));
    middleware->metrics = (const sluice_host_metrics*)host->get_interface(host, text_of(SLUICE_HOST_METRICS_ID));
    middleware->seconds =
        middleware->metrics->histogram(host, text_of("exchange_seconds"), text_of("Duration of exchanges."), NULL, 0,
                                       kBounds, sizeof(kBounds) / sizeof(kBounds[0]));
    *out = middleware;
    return SLUICE_OK;
}

static void destroy(sluice_middleware* middleware) { free(middleware); }

/* Hooks run on the event loops, several at once, and never block. */
static sluice_verdict on_head(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                              const sluice_exchange_api* api) {
    seen* kept = (seen*)calloc(1, sizeof(*kept));
    *slot = kept;
    if (kept != NULL) {
        kept->begin_ns = middleware->clock->monotonic_ns(middleware->host);
    }
    api->set_response_header(exchange, text_of("X-Seen-By"), text_of("my-plugin"));
    return SLUICE_CONTINUE;
}

/* Comes exactly once for every exchange that on_head has seen, whatever became of it. */
static void on_complete(sluice_middleware* middleware, void* slot, const sluice_summary* summary) {
    seen* kept = (seen*)slot;
    (void)summary;
    if (kept != NULL) {
        const uint64_t end_ns = middleware->clock->monotonic_ns(middleware->host);
        middleware->metrics->set(middleware->seconds, (double)(end_ns - kept->begin_ns) / 1e9);
    }
    free(kept);
}

/* A hook that is absent costs nothing. */
static const sluice_middleware_api kMiddleware = {
    .struct_size = sizeof(sluice_middleware_api),
    .create = create,
    .destroy = destroy,
    .on_head = on_head,
    .on_complete = on_complete,
};

static const void* get_interface(sluice_str id) { return equals(id, SLUICE_MIDDLEWARE_ID) ? &kMiddleware : NULL; }

static const sluice_plugin kPlugin = {
    .struct_size = sizeof(sluice_plugin),
    .abi_major = SLUICE_ABI_MAJOR,
    .abi_minor = SLUICE_ABI_MINOR,
    .name = SLUICE_STR("my-plugin"),
    .version = SLUICE_STR("0.1.0"),
    .get_interface = get_interface,
};

const sluice_plugin* sluice_plugin_query(uint32_t host_major, uint32_t host_minor) {
    (void)host_minor;
    return host_major == SLUICE_ABI_MAJOR ? &kPlugin : NULL;
}
