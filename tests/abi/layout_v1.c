/*
 * The layout of ABI 1.0 on x86-64, assertion by assertion. A change that breaks one of them breaks every plugin that is
 * already built. Members and constants that are added at the end get lines of their own; lines that are here stay.
 */
#include <stddef.h>

#include "sluice/abi.h"
#include "sluice/error.h"
#include "sluice/ext/backend.h"
#include "sluice/ext/clock.h"
#include "sluice/ext/command.h"
#include "sluice/ext/folder.h"
#include "sluice/ext/log.h"
#include "sluice/ext/loop.h"
#include "sluice/ext/metrics.h"
#include "sluice/ext/middleware.h"
#include "sluice/ext/quiesce.h"
#include "sluice/ext/store.h"
#include "sluice/host.h"
#include "sluice/manifest.h"
#include "sluice/message.h"
#include "sluice/plugin.h"

#define SIZE(type, bytes, alignment) \
    _Static_assert(sizeof(type) == (bytes) && _Alignof(type) == (alignment), "size of " #type)
/* A table may grow at its end. */
#define GROWS_FROM(type, bytes, alignment) \
    _Static_assert(sizeof(type) >= (bytes) && _Alignof(type) == (alignment), "size of " #type)
#define MEMBER(type, member, offset, bytes)                                                     \
    _Static_assert(offsetof(type, member) == (offset) && sizeof(((type*)0)->member) == (bytes), \
                   "place of " #type "." #member)
#define VALUE(name, value) _Static_assert((name) == (value), "value of " #name)

SIZE(sluice_str, 16, 8);
MEMBER(sluice_str, ptr, 0, 8);
MEMBER(sluice_str, len, 8, 8);

SIZE(sluice_text_sink, 16, 8);
MEMBER(sluice_text_sink, ctx, 0, 8);
MEMBER(sluice_text_sink, put, 8, 8);

GROWS_FROM(sluice_error, 80, 8);
MEMBER(sluice_error, struct_size, 0, 4);
MEMBER(sluice_error, flags, 4, 4);
MEMBER(sluice_error, http_status, 8, 4);
MEMBER(sluice_error, retry_after_ms, 12, 4);
MEMBER(sluice_error, code, 16, 16);
MEMBER(sluice_error, type, 32, 16);
MEMBER(sluice_error, param, 48, 16);
MEMBER(sluice_error, message, 64, 16);

GROWS_FROM(sluice_host, 48, 8);
MEMBER(sluice_host, struct_size, 0, 4);
MEMBER(sluice_host, flags, 4, 4);
MEMBER(sluice_host, abi_major, 8, 4);
MEMBER(sluice_host, abi_minor, 12, 4);
MEMBER(sluice_host, ctx, 16, 8);
MEMBER(sluice_host, instance, 24, 16);
MEMBER(sluice_host, get_interface, 40, 8);
VALUE(SLUICE_HOST_PROBE, 1);

GROWS_FROM(sluice_quiesce_api, 24, 8);
MEMBER(sluice_quiesce_api, struct_size, 0, 4);
MEMBER(sluice_quiesce_api, flags, 4, 4);
MEMBER(sluice_quiesce_api, quiesce, 8, 8);
MEMBER(sluice_quiesce_api, resume, 16, 8);

SIZE(sluice_manifest, 92, 4);
MEMBER(sluice_manifest, owner_bytes, 0, 4);
MEMBER(sluice_manifest, descriptor_bytes, 4, 4);
MEMBER(sluice_manifest, note_type, 8, 4);
MEMBER(sluice_manifest, owner, 12, 8);
MEMBER(sluice_manifest, magic, 20, 4);
MEMBER(sluice_manifest, abi_major, 24, 4);
MEMBER(sluice_manifest, abi_minor, 28, 4);
MEMBER(sluice_manifest, min_host_minor, 32, 4);
MEMBER(sluice_manifest, kinds, 36, 4);
MEMBER(sluice_manifest, flags, 40, 4);
MEMBER(sluice_manifest, name, 44, 32);
MEMBER(sluice_manifest, version, 76, 16);

SIZE(sluice_header, 32, 8);
MEMBER(sluice_header, name, 0, 16);
MEMBER(sluice_header, value, 16, 16);

GROWS_FROM(sluice_request, 152, 8);
MEMBER(sluice_request, struct_size, 0, 4);
MEMBER(sluice_request, flags, 4, 4);
MEMBER(sluice_request, request_id, 8, 16);
MEMBER(sluice_request, method, 24, 16);
MEMBER(sluice_request, path, 40, 16);
MEMBER(sluice_request, query, 56, 16);
MEMBER(sluice_request, model, 72, 16);
MEMBER(sluice_request, client_address, 88, 16);
MEMBER(sluice_request, headers, 104, 8);
MEMBER(sluice_request, header_count, 112, 8);
MEMBER(sluice_request, body, 120, 16);
MEMBER(sluice_request, body_length, 136, 8);
MEMBER(sluice_request, choice_count, 144, 8);

GROWS_FROM(sluice_response, 56, 8);
MEMBER(sluice_response, struct_size, 0, 4);
MEMBER(sluice_response, flags, 4, 4);
MEMBER(sluice_response, http_status, 8, 4);
MEMBER(sluice_response, reserved, 12, 4);
MEMBER(sluice_response, content_length, 16, 8);
MEMBER(sluice_response, content_type, 24, 16);
MEMBER(sluice_response, headers, 40, 8);
MEMBER(sluice_response, header_count, 48, 8);

GROWS_FROM(sluice_usage, 32, 8);
MEMBER(sluice_usage, struct_size, 0, 4);
MEMBER(sluice_usage, flags, 4, 4);
MEMBER(sluice_usage, prompt_tokens, 8, 8);
MEMBER(sluice_usage, completion_tokens, 16, 8);
MEMBER(sluice_usage, cached_tokens, 24, 8);

GROWS_FROM(sluice_plugin, 72, 8);
MEMBER(sluice_plugin, struct_size, 0, 4);
MEMBER(sluice_plugin, flags, 4, 4);
MEMBER(sluice_plugin, abi_major, 8, 4);
MEMBER(sluice_plugin, abi_minor, 12, 4);
MEMBER(sluice_plugin, name, 16, 16);
MEMBER(sluice_plugin, version, 32, 16);
MEMBER(sluice_plugin, config_schema, 48, 16);
MEMBER(sluice_plugin, get_interface, 64, 8);

GROWS_FROM(sluice_host_log, 24, 8);
MEMBER(sluice_host_log, struct_size, 0, 4);
MEMBER(sluice_host_log, flags, 4, 4);
MEMBER(sluice_host_log, is_enabled, 8, 8);
MEMBER(sluice_host_log, write, 16, 8);

GROWS_FROM(sluice_host_folder, 16, 8);
MEMBER(sluice_host_folder, struct_size, 0, 4);
MEMBER(sluice_host_folder, flags, 4, 4);
MEMBER(sluice_host_folder, path, 8, 8);

GROWS_FROM(sluice_host_clock, 24, 8);
MEMBER(sluice_host_clock, struct_size, 0, 4);
MEMBER(sluice_host_clock, flags, 4, 4);
MEMBER(sluice_host_clock, monotonic_ns, 8, 8);
MEMBER(sluice_host_clock, unix_ms, 16, 8);

SIZE(sluice_label, 32, 8);
MEMBER(sluice_label, name, 0, 16);
MEMBER(sluice_label, value, 16, 16);

GROWS_FROM(sluice_host_metrics, 48, 8);
MEMBER(sluice_host_metrics, struct_size, 0, 4);
MEMBER(sluice_host_metrics, flags, 4, 4);
MEMBER(sluice_host_metrics, counter, 8, 8);
MEMBER(sluice_host_metrics, gauge, 16, 8);
MEMBER(sluice_host_metrics, histogram, 24, 8);
MEMBER(sluice_host_metrics, add, 32, 8);
MEMBER(sluice_host_metrics, set, 40, 8);

GROWS_FROM(sluice_host_loop, 120, 8);
MEMBER(sluice_host_loop, struct_size, 0, 4);
MEMBER(sluice_host_loop, flags, 4, 4);
MEMBER(sluice_host_loop, count, 8, 8);
MEMBER(sluice_host_loop, at, 16, 8);
MEMBER(sluice_host_loop, index, 24, 8);
MEMBER(sluice_host_loop, is_current, 32, 8);
MEMBER(sluice_host_loop, now_ns, 40, 8);
MEMBER(sluice_host_loop, post, 48, 8);
MEMBER(sluice_host_loop, defer, 56, 8);
MEMBER(sluice_host_loop, watch, 64, 8);
MEMBER(sluice_host_loop, watch_set, 72, 8);
MEMBER(sluice_host_loop, unwatch, 80, 8);
MEMBER(sluice_host_loop, timer_create, 88, 8);
MEMBER(sluice_host_loop, timer_set, 96, 8);
MEMBER(sluice_host_loop, timer_stop, 104, 8);
MEMBER(sluice_host_loop, timer_destroy, 112, 8);

GROWS_FROM(sluice_call_api, 112, 8);
MEMBER(sluice_call_api, struct_size, 0, 4);
MEMBER(sluice_call_api, flags, 4, 4);
MEMBER(sluice_call_api, loop, 8, 8);
MEMBER(sluice_call_api, begin, 16, 8);
MEMBER(sluice_call_api, write, 24, 8);
MEMBER(sluice_call_api, write_event, 32, 8);
MEMBER(sluice_call_api, on_writable, 40, 8);
MEMBER(sluice_call_api, on_cancel, 48, 8);
MEMBER(sluice_call_api, is_cancelled, 56, 8);
MEMBER(sluice_call_api, read_body, 64, 8);
MEMBER(sluice_call_api, release_body, 72, 8);
MEMBER(sluice_call_api, finish, 80, 8);
MEMBER(sluice_call_api, fail, 88, 8);
MEMBER(sluice_call_api, attribute, 96, 8);
MEMBER(sluice_call_api, set_attribute, 104, 8);

GROWS_FROM(sluice_model, 48, 8);
MEMBER(sluice_model, struct_size, 0, 4);
MEMBER(sluice_model, flags, 4, 4);
MEMBER(sluice_model, id, 8, 16);
MEMBER(sluice_model, owned_by, 24, 16);
MEMBER(sluice_model, created_unix_s, 40, 8);

GROWS_FROM(sluice_models_api, 32, 8);
MEMBER(sluice_models_api, struct_size, 0, 4);
MEMBER(sluice_models_api, flags, 4, 4);
MEMBER(sluice_models_api, loop, 8, 8);
MEMBER(sluice_models_api, add, 16, 8);
MEMBER(sluice_models_api, done, 24, 8);

GROWS_FROM(sluice_health_api, 32, 8);
MEMBER(sluice_health_api, struct_size, 0, 4);
MEMBER(sluice_health_api, flags, 4, 4);
MEMBER(sluice_health_api, loop, 8, 8);
MEMBER(sluice_health_api, check, 16, 8);
MEMBER(sluice_health_api, done, 24, 8);

GROWS_FROM(sluice_backend_api, 72, 8);
MEMBER(sluice_backend_api, struct_size, 0, 4);
MEMBER(sluice_backend_api, flags, 4, 4);
MEMBER(sluice_backend_api, paths, 8, 8);
MEMBER(sluice_backend_api, path_count, 16, 8);
MEMBER(sluice_backend_api, create, 24, 8);
MEMBER(sluice_backend_api, destroy, 32, 8);
MEMBER(sluice_backend_api, start, 40, 8);
MEMBER(sluice_backend_api, models, 48, 8);
MEMBER(sluice_backend_api, health, 56, 8);
MEMBER(sluice_backend_api, shut_down, 64, 8);

GROWS_FROM(sluice_summary, 96, 8);
MEMBER(sluice_summary, struct_size, 0, 4);
MEMBER(sluice_summary, flags, 4, 4);
MEMBER(sluice_summary, http_status, 8, 4);
MEMBER(sluice_summary, ended_by, 12, 4);
MEMBER(sluice_summary, error_code, 16, 16);
MEMBER(sluice_summary, backend, 32, 16);
MEMBER(sluice_summary, received_bytes, 48, 8);
MEMBER(sluice_summary, sent_bytes, 56, 8);
MEMBER(sluice_summary, duration_ns, 64, 8);
MEMBER(sluice_summary, first_byte_ns, 72, 8);
MEMBER(sluice_summary, attempts, 80, 4);
MEMBER(sluice_summary, usage, 88, 8);

GROWS_FROM(sluice_exchange_api, 104, 8);
MEMBER(sluice_exchange_api, struct_size, 0, 4);
MEMBER(sluice_exchange_api, flags, 4, 4);
MEMBER(sluice_exchange_api, loop, 8, 8);
MEMBER(sluice_exchange_api, request, 16, 8);
MEMBER(sluice_exchange_api, set_request_header, 24, 8);
MEMBER(sluice_exchange_api, set_body, 32, 8);
MEMBER(sluice_exchange_api, set_attribute, 40, 8);
MEMBER(sluice_exchange_api, attribute, 48, 8);
MEMBER(sluice_exchange_api, response, 56, 8);
MEMBER(sluice_exchange_api, set_response_header, 64, 8);
MEMBER(sluice_exchange_api, reply, 72, 8);
MEMBER(sluice_exchange_api, refuse, 80, 8);
MEMBER(sluice_exchange_api, resume, 88, 8);
MEMBER(sluice_exchange_api, on_cancel, 96, 8);

GROWS_FROM(sluice_middleware_api, 64, 8);
MEMBER(sluice_middleware_api, struct_size, 0, 4);
MEMBER(sluice_middleware_api, flags, 4, 4);
MEMBER(sluice_middleware_api, create, 8, 8);
MEMBER(sluice_middleware_api, destroy, 16, 8);
MEMBER(sluice_middleware_api, on_head, 24, 8);
MEMBER(sluice_middleware_api, on_request, 32, 8);
MEMBER(sluice_middleware_api, on_response, 40, 8);
MEMBER(sluice_middleware_api, on_chunk, 48, 8);
MEMBER(sluice_middleware_api, on_complete, 56, 8);
MEMBER(sluice_middleware_api, is_guarding, 64, 8);

SIZE(sluice_store_item, 32, 8);
MEMBER(sluice_store_item, key, 0, 16);
MEMBER(sluice_store_item, value, 16, 16);

GROWS_FROM(sluice_store_answer, 88, 8);
MEMBER(sluice_store_answer, struct_size, 0, 4);
MEMBER(sluice_store_answer, flags, 4, 4);
MEMBER(sluice_store_answer, outcome, 8, 4);
MEMBER(sluice_store_answer, reserved, 12, 4);
MEMBER(sluice_store_answer, value, 16, 16);
MEMBER(sluice_store_answer, number, 32, 8);
MEMBER(sluice_store_answer, ticket, 40, 8);
MEMBER(sluice_store_answer, wait_us, 48, 8);
MEMBER(sluice_store_answer, items, 56, 8);
MEMBER(sluice_store_answer, item_count, 64, 8);
MEMBER(sluice_store_answer, cursor, 72, 16);

GROWS_FROM(sluice_quota, 32, 8);
MEMBER(sluice_quota, struct_size, 0, 4);
MEMBER(sluice_quota, flags, 4, 4);
MEMBER(sluice_quota, amount, 8, 8);
MEMBER(sluice_quota, limit, 16, 8);
MEMBER(sluice_quota, ttl_us, 24, 8);

GROWS_FROM(sluice_host_store, 88, 8);
MEMBER(sluice_host_store, struct_size, 0, 4);
MEMBER(sluice_host_store, flags, 4, 4);
MEMBER(sluice_host_store, open, 8, 8);
MEMBER(sluice_host_store, get, 16, 8);
MEMBER(sluice_host_store, put, 24, 8);
MEMBER(sluice_host_store, remove, 32, 8);
MEMBER(sluice_host_store, add, 40, 8);
MEMBER(sluice_host_store, compare_and_set, 48, 8);
MEMBER(sluice_host_store, scan, 56, 8);
MEMBER(sluice_host_store, take, 64, 8);
MEMBER(sluice_host_store, give_back, 72, 8);
MEMBER(sluice_host_store, renew, 80, 8);

GROWS_FROM(sluice_command_api, 48, 8);
MEMBER(sluice_command_api, struct_size, 0, 4);
MEMBER(sluice_command_api, flags, 4, 4);
MEMBER(sluice_command_api, name, 8, 16);
MEMBER(sluice_command_api, summary, 24, 16);
MEMBER(sluice_command_api, run, 40, 8);

/* sluice_status_code */
VALUE(SLUICE_OK, 0);
VALUE(SLUICE_CANCELLED, 1);
VALUE(SLUICE_FULL, 2);
VALUE(SLUICE_E_INVALID, -1);
VALUE(SLUICE_E_UNSUPPORTED, -2);
VALUE(SLUICE_E_STATE, -3);
VALUE(SLUICE_E_INTERNAL, -4);
VALUE(SLUICE_E_NO_MEMORY, -5);

/* sluice_error_flag */
VALUE(SLUICE_ERROR_RELAYED, 1);
VALUE(SLUICE_ERROR_UNANSWERED, 2);

/* sluice_kind */
VALUE(SLUICE_KIND_BACKEND, 1);
VALUE(SLUICE_KIND_MIDDLEWARE, 2);

/* sluice_manifest_flag */
VALUE(SLUICE_MANIFEST_EXAMPLE, 1);

/* sluice_request_flag */
VALUE(SLUICE_REQUEST_STREAM, 1);
VALUE(SLUICE_REQUEST_JSON, 2);
VALUE(SLUICE_REQUEST_BODY_STREAMED, 4);
VALUE(SLUICE_REQUEST_WANTS_USAGE, 8);
VALUE(SLUICE_REQUEST_USAGE_INJECTED, 16);

/* sluice_response_flag */
VALUE(SLUICE_RESPONSE_EVENTS, 1);

/* sluice_usage_flag */
VALUE(SLUICE_USAGE_ESTIMATED, 1);

/* sluice_log_level */
VALUE(SLUICE_LOG_TRACE, 0);
VALUE(SLUICE_LOG_DEBUG, 1);
VALUE(SLUICE_LOG_INFO, 2);
VALUE(SLUICE_LOG_WARN, 3);
VALUE(SLUICE_LOG_ERROR, 4);

/* sluice_readiness */
VALUE(SLUICE_READABLE, 1);
VALUE(SLUICE_WRITABLE, 2);
VALUE(SLUICE_PEER_CLOSED, 4);
VALUE(SLUICE_FAILED, 8);

/* sluice_health_state */
VALUE(SLUICE_HEALTH_OK, 0);
VALUE(SLUICE_HEALTH_DEGRADED, 1);
VALUE(SLUICE_HEALTH_DOWN, 2);

/* sluice_backend_flag */
VALUE(SLUICE_BACKEND_ASYNC, 1);

/* sluice_verdict_code */
VALUE(SLUICE_CONTINUE, 0);
VALUE(SLUICE_REPLY, 1);
VALUE(SLUICE_REFUSE, 2);
VALUE(SLUICE_PENDING, 3);

/* sluice_chunk_verdict_code */
VALUE(SLUICE_CHUNK_PASS, 0);
VALUE(SLUICE_CHUNK_REPLACE, 1);
VALUE(SLUICE_CHUNK_DROP, 2);
VALUE(SLUICE_CHUNK_END, 3);
VALUE(SLUICE_CHUNK_FAIL, 4);

/* sluice_ended_by */
VALUE(SLUICE_ENDED_BY_BACKEND, 0);
VALUE(SLUICE_ENDED_BY_CLIENT, 1);
VALUE(SLUICE_ENDED_BY_MIDDLEWARE, 2);
VALUE(SLUICE_ENDED_BY_DEADLINE, 3);
VALUE(SLUICE_ENDED_BY_SHUTDOWN, 4);
VALUE(SLUICE_ENDED_BY_HOST, 5);

/* sluice_store_outcome */
VALUE(SLUICE_STORE_OK, 0);
VALUE(SLUICE_STORE_ABSENT, 1);
VALUE(SLUICE_STORE_CONFLICT, 2);
VALUE(SLUICE_STORE_REFUSED, 3);
VALUE(SLUICE_STORE_FAILED, -1);

/* sluice_namespace_flag */
VALUE(SLUICE_NAMESPACE_DURABLE, 1);

/* sluice_quota_flag */
VALUE(SLUICE_QUOTA_QUEUED, 1);

/* Other constants */
VALUE(SLUICE_STORE_MAX_KEY_BYTES, 512);
VALUE(SLUICE_STORE_MAX_VALUE_BYTES, 4194304);
VALUE(SLUICE_STORE_MAX_SCAN, 1000);
VALUE(SLUICE_ABI_MAJOR, 1u);
VALUE(SLUICE_MANIFEST_TYPE, 1u);
VALUE(SLUICE_NEEDS_TYPE, 2u);
VALUE(SLUICE_MANIFEST_MAGIC, 0x43494C53u);
VALUE(SLUICE_MANIFEST_DESCRIPTOR_BYTES, 72);
VALUE(SLUICE_BODY_PADDING, 64);
VALUE(SLUICE_LENGTH_UNKNOWN, UINT64_MAX);
