/* my-plugin: a synchronous backend in C. It answers every chat request with one sentence, whole or as a stream. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/ext/backend.h"
#include "sluice/ext/clock.h"
#include "sluice/plugin.h"

SLUICE_DECLARE_MANIFEST("my-plugin", "0.1.0", SLUICE_KIND_BACKEND, 0)

static const char kAnswer[] = "Hello from my-plugin.";

struct sluice_backend {
    const sluice_host* host;
    const sluice_host_clock* clock; /* NULL where the host has none */
};

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
static sluice_status create(const sluice_host* host, sluice_str config, sluice_text_sink errors, sluice_backend** out) {
    sluice_backend* backend = (sluice_backend*)calloc(1, sizeof(*backend));
    (void)config;
    if (backend == NULL) {
        errors.put(errors.ctx, text_of("out of memory"));
        return SLUICE_E_NO_MEMORY;
    }
    backend->host = host;
    backend->clock = (const sluice_host_clock*)host->get_interface(host, text_of(SLUICE_HOST_CLOCK_ID));
    *out = backend;
    return SLUICE_OK;
}

static void destroy(sluice_backend* backend) { free(backend); }

static unsigned long long now_s(const sluice_backend* backend) {
    return backend->clock != NULL ? (unsigned long long)(backend->clock->unix_ms(backend->host) / 1000) : 0;
}

static void begin(sluice_call* call, const sluice_call_api* api, uint32_t flags, size_t length) {
    sluice_response response;
    memset(&response, 0, sizeof(response));
    response.struct_size = sizeof(response);
    response.flags = flags;
    response.http_status = 200;
    response.content_type = text_of("application/json");
    response.content_length = length;
    api->begin(call, &response);
}

static void answer_whole(const sluice_backend* backend, sluice_call* call, const sluice_call_api* api) {
    char json[512];
    snprintf(json, sizeof(json),
             "{\"id\":\"chatcmpl-my-plugin\",\"object\":\"chat.completion\",\"created\":%llu,\"model\":\"my-plugin\","
             "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},"
             "\"finish_reason\":\"stop\"}]}",
             now_s(backend), kAnswer);
    begin(call, api, 0, strlen(json));
    api->write(call, text_of(json));
    api->finish(call, NULL);
}

/* One event of the stream. Gives 0 once the client has left. */
static int write_delta(const sluice_backend* backend, sluice_call* call, const sluice_call_api* api, const char* delta,
                       const char* finish_reason) {
    char json[512];
    sluice_status status;
    snprintf(json, sizeof(json),
             "{\"id\":\"chatcmpl-my-plugin\",\"object\":\"chat.completion.chunk\",\"created\":%llu,"
             "\"model\":\"my-plugin\",\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":%s}]}",
             now_s(backend), delta, finish_reason);
    status = api->write_event(call, text_of(""), text_of(json));
    return status >= 0 && status != SLUICE_CANCELLED;
}

static void answer_stream(const sluice_backend* backend, sluice_call* call, const sluice_call_api* api) {
    char content[128];
    snprintf(content, sizeof(content), "\"content\":\"%s\"", kAnswer);
    begin(call, api, SLUICE_RESPONSE_EVENTS, 0);
    if (write_delta(backend, call, api, "\"role\":\"assistant\",\"content\":\"\"", "null") &&
        write_delta(backend, call, api, content, "null")) {
        write_delta(backend, call, api, "", "\"stop\"");
    }
    /* The terminal call is owed in any case; the host ends the stream as its endpoint requires. */
    api->finish(call, NULL);
}

/* Runs on a worker of the host, several at once, and may block. */
static sluice_status start(sluice_backend* backend, sluice_call* call, const sluice_call_api* api,
                           const sluice_request* request) {
    if (request->choice_count > 1) {
        sluice_error error;
        memset(&error, 0, sizeof(error));
        error.struct_size = sizeof(error);
        error.code = text_of("unsupported_parameter");
        error.param = text_of("n");
        error.message = text_of("This backend gives one choice: leave \"n\" out or set it to 1.");
        api->fail(call, &error, NULL);
    } else if ((request->flags & SLUICE_REQUEST_STREAM) != 0) {
        answer_stream(backend, call, api);
    } else {
        answer_whole(backend, call, api);
    }
    return SLUICE_OK;
}

static sluice_status models(sluice_backend* backend, sluice_models* list, const sluice_models_api* api) {
    sluice_model model;
    (void)backend;
    memset(&model, 0, sizeof(model));
    model.struct_size = sizeof(model);
    model.id = text_of("my-plugin");
    model.owned_by = text_of("my-plugin");
    api->add(list, &model);
    api->done(list, NULL);
    return SLUICE_OK;
}

static const sluice_str kPaths[] = {SLUICE_STR("/v1/chat/completions")};

static const sluice_backend_api kBackend = {
    .struct_size = sizeof(sluice_backend_api),
    .paths = kPaths,
    .path_count = sizeof(kPaths) / sizeof(kPaths[0]),
    .create = create,
    .destroy = destroy,
    .start = start,
    .models = models,
};

static const void* get_interface(sluice_str id) { return equals(id, SLUICE_BACKEND_ID) ? &kBackend : NULL; }

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
