// A backend that answers with a fixed text, built by the tests again and again with one thing wrong each: what is wrong
// stands in CRAFTED_ macros. Over the C tables alone, so that nothing catches what it does.
#include "sluice/ext/backend.h"
#include "sluice/host.h"
#include "sluice/plugin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CRAFTED_NAME
#define CRAFTED_NAME "crafted"
#endif
#ifndef CRAFTED_DESCRIPTOR_NAME
#define CRAFTED_DESCRIPTOR_NAME CRAFTED_NAME
#endif
#ifndef CRAFTED_VERSION
#define CRAFTED_VERSION "1.0.0"
#endif
#ifndef CRAFTED_TEXT
#define CRAFTED_TEXT "crafted"
#endif
// Statements: of a static constructor, and of create(), where `host` and `errors` are at hand.
#ifndef CRAFTED_AT_LOAD
#define CRAFTED_AT_LOAD
#endif
#ifndef CRAFTED_AT_CREATE
#define CRAFTED_AT_CREATE
#endif

#ifndef CRAFTED_WITHOUT_MANIFEST
SLUICE_DECLARE_MANIFEST(CRAFTED_NAME, CRAFTED_VERSION, SLUICE_KIND_BACKEND, 0)
#endif
#ifdef CRAFTED_NEEDS
SLUICE_DECLARE_NEEDS(CRAFTED_NEEDS)
#endif

struct sluice_backend {};

namespace {

[[maybe_unused]] void crash() { *static_cast<volatile int*>(nullptr) = 1; }

[[maybe_unused]] void hang() {
    for (;;) {
        pause();
    }
}

[[maybe_unused]] sluice_status refuse(sluice_text_sink errors, const char* reason) {
    errors.put(errors.ctx, sluice_str{reason, strlen(reason)});
    return SLUICE_E_INVALID;
}

struct AtLoad {
    AtLoad() { CRAFTED_AT_LOAD; }
};
const AtLoad at_load;

#ifdef CRAFTED_UNDEFINED
extern "C" int crafted_not_there();
const int not_there = crafted_not_there();
#endif

sluice_status create([[maybe_unused]] const sluice_host* host, sluice_str, [[maybe_unused]] sluice_text_sink errors,
                     sluice_backend** out) noexcept {
    CRAFTED_AT_CREATE;
    *out = static_cast<sluice_backend*>(malloc(sizeof(sluice_backend)));
    return *out != nullptr ? SLUICE_OK : SLUICE_E_NO_MEMORY;
}

void destroy(sluice_backend* backend) noexcept { free(backend); }

sluice_status start(sluice_backend*, sluice_call* call, const sluice_call_api* api, const sluice_request*) noexcept {
    static const char kBody[] =
        R"({"id":"chatcmpl-crafted","object":"chat.completion","created":1750000000,"model":"crafted","choices":[)"
        R"({"index":0,"message":{"role":"assistant","content":")" CRAFTED_TEXT
        R"("},"logprobs":null,"finish_reason":"stop"}]})";
    sluice_response response{};
    response.struct_size = sizeof response;
    response.http_status = 200;
    response.content_type = SLUICE_STR("application/json");
    response.content_length = sizeof kBody - 1;
    api->begin(call, &response);
    api->write(call, sluice_str{kBody, sizeof kBody - 1});
    api->finish(call, nullptr);
    return SLUICE_OK;
}

const sluice_str kPaths[] = {SLUICE_STR("/v1/chat/completions")};

const sluice_backend_api* backend_table() {
    static sluice_backend_api table{};
    table.struct_size = sizeof table;
    table.paths = kPaths;
    table.path_count = 1;
    table.create = create;
    table.destroy = destroy;
    table.start = start;
    return &table;
}

const void* get_interface(sluice_str id) noexcept {
    const bool is_backend = id.len == sizeof SLUICE_BACKEND_ID - 1 && memcmp(id.ptr, SLUICE_BACKEND_ID, id.len) == 0;
    return is_backend ? backend_table() : nullptr;
}

const sluice_plugin kPlugin = {sizeof(sluice_plugin),
                               0,
                               SLUICE_ABI_MAJOR,
                               SLUICE_ABI_MINOR,
                               SLUICE_STR(CRAFTED_DESCRIPTOR_NAME),
                               SLUICE_STR(CRAFTED_VERSION),
                               {nullptr, 0},
                               get_interface};

}  // namespace

extern "C" SLUICE_EXPORT const sluice_plugin* sluice_plugin_query(uint32_t, uint32_t) noexcept { return &kPlugin; }
