/*
 * sluice.backend/1: a plugin that answers requests.
 *
 * A backend is written in one of two ways behind the same tables:
 *  - synchronous (no flag): start() runs on a worker of the host, may block, and makes its terminal call before it
 *    returns. The functions of sluice_call_api are called on that worker; write() and write_event() block while the
 *    client's queue is full; loop() gives NULL.
 *  - asynchronous (SLUICE_BACKEND_ASYNC): start() runs on the call's loop, never blocks, and may return before the end.
 *    Every function of sluice_call_api is called on that loop; another thread gets there with
 *    sluice.host.loop/1 post().
 */
#ifndef SLUICE_EXT_BACKEND_H
#define SLUICE_EXT_BACKEND_H

#include "sluice/error.h"
#include "sluice/ext/loop.h"
#include "sluice/host.h"
#include "sluice/message.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_BACKEND_ID "sluice.backend/1"

typedef struct sluice_backend sluice_backend; /* the plugin's instance */
typedef struct sluice_call sluice_call;       /* the host's side of one call; dead after its terminal call */
typedef struct sluice_models sluice_models;   /* the host's side of one question for the models */
typedef struct sluice_health sluice_health;   /* the host's side of one health check */

/* A piece of a streamed request body, borrowed for the callback. `is_last` comes exactly once, possibly with no
 * bytes. status: SLUICE_OK, or SLUICE_CANCELLED when the client broke off (then nothing further comes). */
typedef void (*sluice_body_fn)(void* ctx, sluice_status status, sluice_str bytes, int32_t is_last);

/*
 * What a backend does with a call. begin(), then write() or write_event() any number of times, then exactly one
 * terminal call: finish() or fail(). The handle is dead after the terminal call. Until the first byte or event was
 * given, nothing has been sent and fail() still becomes an ordinary error answer with its real status; after it, the
 * client sees an error event in an event stream, and a broken transfer in any other body.
 * `[loop-thread]` below stands for the call's loop (asynchronous) or its worker (synchronous).
 */
typedef struct sluice_call_api {
    uint32_t struct_size;
    uint32_t flags;
    /* The loop of the call; NULL for a synchronous backend. [loop-thread] */
    sluice_loop* (*loop)(const sluice_call* call)SLUICE_NOEXCEPT;
    /* The head of the answer; copied. Once per call. [loop-thread] */
    sluice_status (*begin)(sluice_call* call, const sluice_response* response) SLUICE_NOEXCEPT;
    /* Body bytes, all taken or none. OK, FULL (taken; wait), CANCELLED, E_STATE (no begin, or more than
     * content_length). A queue above its mark by a whole event's limit ends the call. [loop-thread] */
    sluice_status (*write)(sluice_call* call, sluice_str bytes) SLUICE_NOEXCEPT;
    /* One event: `data` without line ends (one JSON value), `name` empty on chat streams. Not for "[DONE]": the host
     * ends the stream as its endpoint requires. Results as write(). [loop-thread] */
    sluice_status (*write_event)(sluice_call* call, sluice_str name, sluice_str data) SLUICE_NOEXCEPT;
    /* Runs fn(ctx) once, when the queue has fallen below its mark; soon, not inside this call, if it is below now.
     * Asynchronous backends only. [loop-thread] */
    sluice_status (*on_writable)(sluice_call* call, sluice_callback_fn fn, void* ctx) SLUICE_NOEXCEPT;
    /* Runs fn(ctx) at most once, when the client has left, a deadline has passed or the host shuts down; not inside
     * this call. After it the backend still owes its terminal call, soon. On a synchronous backend's call fn runs on
     * a thread of the host while start() runs, never after the terminal call returned. [loop-thread] */
    sluice_status (*on_cancel)(sluice_call* call, sluice_callback_fn fn, void* ctx) SLUICE_NOEXCEPT;
    /* 1 once the call is cancelled. [loop-thread] */
    int32_t (*is_cancelled)(const sluice_call* call) SLUICE_NOEXCEPT;
    /* Fetches the next piece of a SLUICE_REQUEST_BODY_STREAMED body; fn(ctx, ...) runs once for each call, possibly
     * inside it. Nothing is read from the client while no fetch is waiting. Synchronous backends block in here.
     * [loop-thread] */
    sluice_status (*read_body)(sluice_call* call, sluice_body_fn fn, void* ctx) SLUICE_NOEXCEPT;
    /* The backend is done with request->body, which the host may free. [loop-thread] */
    void (*release_body)(sluice_call* call) SLUICE_NOEXCEPT;
    /* Terminal: the answer is complete. `usage` may be NULL. [loop-thread] */
    void (*finish)(sluice_call* call, const sluice_usage* usage) SLUICE_NOEXCEPT;
    /* Terminal: the answer failed. `usage` (may be NULL) is what was used up to there. [loop-thread] */
    void (*fail)(sluice_call* call, const sluice_error* error, const sluice_usage* usage) SLUICE_NOEXCEPT;
    /* Facts about the exchange that middleware has set ("key.id", "key.masked"), and the backend may set
     * ("session.id"): see sluice_exchange_api. An unknown name reads as empty. The text is valid until the next
     * set_attribute() or terminal call. [loop-thread] */
    sluice_str (*attribute)(const sluice_call* call, sluice_str name) SLUICE_NOEXCEPT;
    sluice_status (*set_attribute)(sluice_call* call, sluice_str name, sluice_str value) SLUICE_NOEXCEPT;
} sluice_call_api;

typedef struct sluice_model {
    uint32_t struct_size;
    uint32_t flags;
    sluice_str id;           /* what clients write into "model" */
    sluice_str owned_by;     /* may be empty */
    uint64_t created_unix_s; /* 0 = not known */
} sluice_model;

/* [loop-thread], as for calls. */
typedef struct sluice_models_api {
    uint32_t struct_size;
    uint32_t flags;
    sluice_loop* (*loop)(const sluice_models* models)SLUICE_NOEXCEPT; /* NULL for a synchronous backend */
    void (*add)(sluice_models* models, const sluice_model* model) SLUICE_NOEXCEPT;
    /* Terminal: the list is complete, or could not be had (error not NULL; the host keeps its last good list). */
    void (*done)(sluice_models* models, const sluice_error* error) SLUICE_NOEXCEPT;
} sluice_models_api;

typedef enum sluice_health_state {
    SLUICE_HEALTH_OK = 0,
    SLUICE_HEALTH_DEGRADED = 1,
    SLUICE_HEALTH_DOWN = 2
} sluice_health_state;

/* [loop-thread], as for calls. */
typedef struct sluice_health_api {
    uint32_t struct_size;
    uint32_t flags;
    sluice_loop* (*loop)(const sluice_health* health)SLUICE_NOEXCEPT; /* NULL for a synchronous backend */
    /* Adds an entry to the checks of /health beside the instance's own; `json` is one JSON value. */
    void (*check)(sluice_health* health, sluice_str name, sluice_str json) SLUICE_NOEXCEPT;
    /* Terminal: the state, and the word shown for the instance ("ok", "disabled", "no_key"). */
    void (*done)(sluice_health* health, int32_t state, sluice_str word) SLUICE_NOEXCEPT;
} sluice_health_api;

/* Bits of sluice_backend_api.flags. */
typedef enum sluice_backend_flag { SLUICE_BACKEND_ASYNC = 1 } sluice_backend_flag;

/* What a backend offers; static data of the plugin. */
typedef struct sluice_backend_api {
    uint32_t struct_size;
    uint32_t flags;
    /* Paths it answers: exact ("/v1/chat/completions"), or everything below ("/v1/" with a closing slash). */
    const sluice_str* paths;
    size_t path_count;
    /* Makes an instance from JSON that satisfies the plugin's schema, defaults filled in. On failure a message goes to
     * `errors` and nothing is left behind. Makes no network calls that it waits for. [main-thread] */
    sluice_status (*create)(const sluice_host* host, sluice_str config_json, sluice_text_sink errors,
                            sluice_backend** out) SLUICE_NOEXCEPT;
    /* All calls are terminal. Ends watches and timers (post to their loops and wait), joins own threads; nothing of
     * the plugin runs after it returns. [main-thread], never a loop's. */
    void (*destroy)(sluice_backend* backend) SLUICE_NOEXCEPT;
    /* Answers one request. A result below zero without a terminal call fails the call as internal_error.
     * [loop-thread] or [worker] */
    sluice_status (*start)(sluice_backend* backend, sluice_call* call, const sluice_call_api* api,
                           const sluice_request* request) SLUICE_NOEXCEPT;
    /* Lists the models clients may name. Optional. [loop-thread] or [worker] */
    sluice_status (*models)(sluice_backend* backend, sluice_models* models,
                            const sluice_models_api* api) SLUICE_NOEXCEPT;
    /* Says from what it knows whether it can work; costs no tokens. Optional: absent counts as ok.
     * [loop-thread] or [worker] */
    sluice_status (*health)(sluice_backend* backend, sluice_health* health,
                            const sluice_health_api* api) SLUICE_NOEXCEPT;
    /* The gateway ends: calls that run are waited for, but not for ever. Answers that may take long are better ended
     * now by fail() than cut off later; a last call may still come in. At most once, before destroy(); returns at once.
     * Optional. [main-thread] */
    void (*shut_down)(sluice_backend* backend) SLUICE_NOEXCEPT;
} sluice_backend_api;

SLUICE_EXTERN_C_END
#endif
