/* The museum's plugin in plain C: what exhibit.cpp does, without a wrapper. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/ext/backend.h"
#include "sluice/ext/log.h"
#include "sluice/ext/middleware.h"
#include "sluice/plugin.h"

SLUICE_DECLARE_MANIFEST("exhibit", "1.0.0", SLUICE_KIND_BACKEND | SLUICE_KIND_MIDDLEWARE, 0)

static sluice_str text_of(const char* text) {
    sluice_str result;
    result.ptr = text;
    result.len = strlen(text);
    return result;
}

static int is_equal(sluice_str text, const char* expected) {
    return text.len == strlen(expected) && memcmp(text.ptr, expected, text.len) == 0;
}

static sluice_error error_of(const char* code, const char* message, const char* param) {
    sluice_error error;
    memset(&error, 0, sizeof(error));
    error.struct_size = sizeof(error);
    error.code = text_of(code);
    error.message = text_of(message);
    error.param = text_of(param);
    return error;
}

struct sluice_backend {
    const sluice_host* host;
};

static sluice_status create_backend(const sluice_host* host, sluice_str config, sluice_text_sink errors,
                                    sluice_backend** out) {
    (void)config;
    (void)errors;
    *out = (sluice_backend*)malloc(sizeof(**out));
    if (*out == NULL) {
        return SLUICE_E_NO_MEMORY;
    }
    (*out)->host = host;
    return SLUICE_OK;
}

static void destroy_backend(sluice_backend* backend) { free(backend); }

static sluice_status start(sluice_backend* backend, sluice_call* call, const sluice_call_api* api,
                           const sluice_request* request) {
    const sluice_str text = text_of("made by c");
    const int is_stream = (request->flags & SLUICE_REQUEST_STREAM) != 0;
    sluice_response response;
    sluice_usage usage;
    (void)backend;
    if (is_equal(request->model, "refuse")) {
        const sluice_error error = error_of("unsupported_parameter", "do not touch", "model");
        api->fail(call, &error, NULL);
        return SLUICE_OK;
    }
    if (is_equal(request->model, "throw")) {
        return SLUICE_E_INTERNAL;
    }
    memset(&response, 0, sizeof(response));
    response.struct_size = sizeof(response);
    response.http_status = 200;
    response.flags = is_stream ? SLUICE_RESPONSE_EVENTS : 0;
    response.content_length = text.len;
    response.content_type = text_of("text/plain");
    api->begin(call, &response);
    if (is_stream) {
        api->write_event(call, text_of(""), text_of("{\"text\":\"made \"}"));
    }
    if (is_equal(request->model, "break")) {
        return SLUICE_E_INTERNAL;
    }
    if (is_stream) {
        api->write_event(call, text_of(""), text_of("{\"text\":\"by c\"}"));
    } else {
        api->write(call, text);
    }
    memset(&usage, 0, sizeof(usage));
    usage.struct_size = sizeof(usage);
    usage.prompt_tokens = 3;
    usage.completion_tokens = 2;
    usage.cached_tokens = 1;
    api->finish(call, &usage);
    return SLUICE_OK;
}

static sluice_status models(sluice_backend* backend, sluice_models* list, const sluice_models_api* api) {
    sluice_model model;
    (void)backend;
    memset(&model, 0, sizeof(model));
    model.struct_size = sizeof(model);
    model.id = text_of("exhibit");
    model.owned_by = text_of("museum");
    api->add(list, &model);
    api->done(list, NULL);
    return SLUICE_OK;
}

struct sluice_middleware {
    const sluice_host* host;
    const sluice_host_log* log;
};

static sluice_status create_middleware(const sluice_host* host, sluice_str config, sluice_text_sink errors,
                                       sluice_middleware** out) {
    (void)config;
    (void)errors;
    *out = (sluice_middleware*)malloc(sizeof(**out));
    if (*out == NULL) {
        return SLUICE_E_NO_MEMORY;
    }
    (*out)->host = host;
    (*out)->log = (const sluice_host_log*)host->get_interface(host, text_of(SLUICE_HOST_LOG_ID));
    return SLUICE_OK;
}

static void destroy_middleware(sluice_middleware* middleware) { free(middleware); }

static sluice_verdict on_head(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                              const sluice_exchange_api* api) {
    const sluice_request* request = api->request(exchange);
    sluice_error error;
    size_t index;
    (void)middleware;
    *slot = calloc(1, sizeof(int));
    for (index = 0; index < request->header_count; ++index) {
        if (is_equal(request->headers[index].name, "x-ticket")) {
            api->set_request_header(exchange, text_of("X-Seen-By"), text_of("c"));
            return SLUICE_CONTINUE;
        }
    }
    error = error_of("invalid_header_value", "X-Ticket: expected one, found none", "");
    api->refuse(exchange, &error);
    return SLUICE_REFUSE;
}

static sluice_chunk_verdict on_chunk(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                                     const sluice_exchange_api* api, sluice_str name, sluice_str data,
                                     sluice_text_sink replacement) {
    (void)middleware;
    (void)exchange;
    (void)api;
    (void)name;
    ++*(int*)*slot;
    if (is_equal(data, "secret")) {
        return SLUICE_CHUNK_DROP;
    }
    if (is_equal(data, "old")) {
        replacement.put(replacement.ctx, text_of("new"));
        return SLUICE_CHUNK_REPLACE;
    }
    return SLUICE_CHUNK_PASS;
}

static void on_complete(sluice_middleware* middleware, void* slot, const sluice_summary* summary) {
    char line[32];
    (void)summary;
    snprintf(line, sizeof(line), "chunks: %d", *(int*)slot);
    middleware->log->write(middleware->host, SLUICE_LOG_INFO, text_of(line));
    free(slot);
}

static const sluice_str kPaths[] = {SLUICE_STR("/v1/chat/completions")};

static const sluice_backend_api kBackend = {
    sizeof(sluice_backend_api), 0, kPaths, 1, create_backend, destroy_backend, start, models, NULL, NULL};

static const sluice_middleware_api kMiddleware = {sizeof(sluice_middleware_api),
                                                  0,
                                                  create_middleware,
                                                  destroy_middleware,
                                                  on_head,
                                                  NULL,
                                                  NULL,
                                                  on_chunk,
                                                  on_complete,
                                                  NULL};

static const void* get_interface(sluice_str id) {
    if (is_equal(id, SLUICE_BACKEND_ID)) {
        return &kBackend;
    }
    return is_equal(id, SLUICE_MIDDLEWARE_ID) ? &kMiddleware : NULL;
}

static const sluice_plugin kPlugin = {
    sizeof(sluice_plugin), 0,         SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, SLUICE_STR("exhibit"),
    SLUICE_STR("1.0.0"),   {NULL, 0}, get_interface};

const sluice_plugin* sluice_plugin_query(uint32_t host_major, uint32_t host_minor) {
    (void)host_minor;
    return host_major == SLUICE_ABI_MAJOR ? &kPlugin : NULL;
}
