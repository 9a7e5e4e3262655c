/* A backend in plain C: a synchronous one that answers every request with its configured name. */
#include <stdlib.h>
#include <string.h>

#include "sluice/ext/backend.h"
#include "sluice/plugin.h"

SLUICE_DECLARE_MANIFEST("plain", "1.0.0", SLUICE_KIND_BACKEND, SLUICE_MANIFEST_EXAMPLE)

struct sluice_backend {
    const sluice_host* host;
    char name[64];
};

static sluice_str text_of(const char* text) {
    sluice_str result;
    result.ptr = text;
    result.len = strlen(text);
    return result;
}

static sluice_status create(const sluice_host* host, sluice_str config, sluice_text_sink errors, sluice_backend** out) {
    sluice_backend* backend;
    if (config.len < 2 || config.ptr[0] != '{') {
        errors.put(errors.ctx, text_of("configuration: expected a JSON object"));
        return SLUICE_E_INVALID;
    }
    backend = (sluice_backend*)calloc(1, sizeof(*backend));
    if (backend == NULL) {
        return SLUICE_E_NO_MEMORY;
    }
    backend->host = host;
    memcpy(backend->name, host->instance.ptr,
           host->instance.len < sizeof(backend->name) ? host->instance.len : sizeof(backend->name) - 1);
    *out = backend;
    return SLUICE_OK;
}

static void destroy(sluice_backend* backend) { free(backend); }

static sluice_status start(sluice_backend* backend, sluice_call* call, const sluice_call_api* api,
                           const sluice_request* request) {
    sluice_response response;
    sluice_usage usage;
    if (request->body.len == 0) {
        return SLUICE_E_INVALID;
    }
    memset(&response, 0, sizeof(response));
    response.struct_size = sizeof(response);
    response.http_status = 200;
    response.content_type = text_of("text/plain");
    response.content_length = strlen(backend->name);
    api->begin(call, &response);
    api->write(call, text_of(backend->name));
    memset(&usage, 0, sizeof(usage));
    usage.struct_size = sizeof(usage);
    usage.prompt_tokens = 1;
    api->finish(call, &usage);
    return SLUICE_OK;
}

static sluice_status models(sluice_backend* backend, sluice_models* list, const sluice_models_api* api) {
    sluice_model model;
    (void)backend;
    memset(&model, 0, sizeof(model));
    model.struct_size = sizeof(model);
    model.id = text_of("plain");
    api->add(list, &model);
    api->done(list, NULL);
    return SLUICE_OK;
}

static const sluice_str kPaths[] = {SLUICE_STR("/v1/chat/completions"), SLUICE_STR("/v1/plain/")};

static const sluice_backend_api kBackend = {sizeof(sluice_backend_api),
                                            0,
                                            kPaths,
                                            sizeof(kPaths) / sizeof(kPaths[0]),
                                            create,
                                            destroy,
                                            start,
                                            models,
                                            NULL,
                                            NULL};

static const void* get_interface(sluice_str id) {
    const sluice_str backend_id = SLUICE_STR(SLUICE_BACKEND_ID);
    return id.len == backend_id.len && memcmp(id.ptr, backend_id.ptr, id.len) == 0 ? &kBackend : NULL;
}

static const sluice_plugin kPlugin = {
    sizeof(sluice_plugin), 0,         SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, SLUICE_STR("plain"),
    SLUICE_STR("1.0.0"),   {NULL, 0}, get_interface};

const sluice_plugin* sluice_plugin_query(uint32_t host_major, uint32_t host_minor) {
    (void)host_minor;
    return host_major == SLUICE_ABI_MAJOR ? &kPlugin : NULL;
}
