/*
 * sluice.middleware/1: a plugin that sees requests on their way in and answers on their way out.
 *
 * Order of the hooks of one exchange: on_head (before the body is read), on_request (with the body), then, in reverse
 * order of the chain, on_response (head of the answer) and on_chunk (each piece of it), and on_complete at the very
 * end. A middleware whose on_head or on_request was entered gets every later hook it has, whoever answers: an answer
 * made by a middleware further down the chain passes the same hooks as a backend's, streamed or not; an error passes
 * on_response only. A hook that is NULL is skipped and costs nothing, but counts as entered. All hooks of one exchange
 * run on its loop and do not block.
 */
#ifndef SLUICE_EXT_MIDDLEWARE_H
#define SLUICE_EXT_MIDDLEWARE_H

#include "sluice/error.h"
#include "sluice/ext/loop.h"
#include "sluice/host.h"
#include "sluice/message.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_MIDDLEWARE_ID "sluice.middleware/1"

typedef struct sluice_middleware sluice_middleware; /* the plugin's instance */
typedef struct sluice_exchange sluice_exchange;     /* the host's side of one request and its answer */

/* A value of sluice_verdict_code, from on_head and on_request. */
typedef int32_t sluice_verdict;

typedef enum sluice_verdict_code {
    SLUICE_CONTINUE = 0,
    SLUICE_REPLY = 1,  /* answered with reply() */
    SLUICE_REFUSE = 2, /* refused with refuse() */
    SLUICE_PENDING = 3 /* resume() follows, exactly once */
} sluice_verdict_code;

/* A value of sluice_chunk_verdict_code, from on_chunk. */
typedef int32_t sluice_chunk_verdict;

typedef enum sluice_chunk_verdict_code {
    SLUICE_CHUNK_PASS = 0,    /* as it is, without a copy */
    SLUICE_CHUNK_REPLACE = 1, /* by what was put into the sink */
    SLUICE_CHUNK_DROP = 2,
    SLUICE_CHUNK_END = 3, /* drop it and end the answer cleanly here; the backend is cancelled */
    SLUICE_CHUNK_FAIL = 4 /* end the answer with the error given to refuse(); the backend is cancelled */
} sluice_chunk_verdict_code;

/* Who ended an exchange. */
typedef enum sluice_ended_by {
    SLUICE_ENDED_BY_BACKEND = 0,
    SLUICE_ENDED_BY_CLIENT = 1,
    SLUICE_ENDED_BY_MIDDLEWARE = 2,
    SLUICE_ENDED_BY_DEADLINE = 3,
    SLUICE_ENDED_BY_SHUTDOWN = 4,
    SLUICE_ENDED_BY_HOST = 5 /* the host refused it: bad request, unknown route, too large */
} sluice_ended_by;

/* What became of an exchange. Valid during on_complete. */
typedef struct sluice_summary {
    uint32_t struct_size;
    uint32_t flags;
    int32_t http_status;     /* sent to the client; 0 if none was */
    int32_t ended_by;        /* sluice_ended_by */
    sluice_str error_code;   /* empty after success */
    sluice_str backend;      /* the instance that answered; empty if none was chosen */
    uint64_t received_bytes; /* request body */
    uint64_t sent_bytes;     /* response body */
    uint64_t duration_ns;
    uint64_t first_byte_ns;    /* from the request's end to the first byte of the answer; 0 if none came */
    uint32_t attempts;         /* calls to backends */
    const sluice_usage* usage; /* NULL if nothing is known of it */
} sluice_summary;

/* What a middleware does with an exchange during its hooks. [loop-thread] except where it says otherwise. */
typedef struct sluice_exchange_api {
    uint32_t struct_size;
    uint32_t flags;
    sluice_loop* (*loop)(const sluice_exchange* exchange)SLUICE_NOEXCEPT;
    /* The request as it stands now. The body is there from on_request on. Valid until the hook returns or changes it.
     */
    const sluice_request* (*request)(sluice_exchange* exchange)SLUICE_NOEXCEPT;
    /* Sets (one line, whatever was there before) or, with an empty value, removes a request header. Only in on_head and
     * on_request. E_INVALID if name or value would not fit a header line. */
    sluice_status (*set_request_header)(sluice_exchange* exchange, sluice_str name, sluice_str value) SLUICE_NOEXCEPT;
    /* Replaces the JSON body; only in on_request. E_INVALID if it is not one JSON object. */
    sluice_status (*set_body)(sluice_exchange* exchange, sluice_str json) SLUICE_NOEXCEPT;
    /* Facts that later middleware, the log and the limits share; an unknown name reads as empty. At most 16 of at most
     * 1,024 bytes. "key.id": who the client is, the same for all keys of one owner; "key.masked": the key as logs may
     * show it; "key.limits": limits of its own, as sluice/cpp/key_limits.hpp reads them; "models.visible": patterns
     * with commas between, what GET /v1/models shows; "session.id". */
    sluice_status (*set_attribute)(sluice_exchange* exchange, sluice_str name, sluice_str value) SLUICE_NOEXCEPT;
    sluice_str (*attribute)(const sluice_exchange* exchange, sluice_str name) SLUICE_NOEXCEPT;
    /* The head of the answer; NULL before there is one. */
    const sluice_response* (*response)(sluice_exchange* exchange)SLUICE_NOEXCEPT;
    /* Sets or, with an empty value, removes a header of the answer. From on_head on until on_response has returned. */
    sluice_status (*set_response_header)(sluice_exchange* exchange, sluice_str name, sluice_str value) SLUICE_NOEXCEPT;
    /* Gives the answer itself; then return SLUICE_REPLY (or resume with it). Copied. */
    sluice_status (*reply)(sluice_exchange* exchange, const sluice_response* response, sluice_str body) SLUICE_NOEXCEPT;
    /* Gives the error; then return SLUICE_REFUSE or SLUICE_CHUNK_FAIL (or resume with SLUICE_REFUSE). Copied. */
    sluice_status (*refuse)(sluice_exchange* exchange, const sluice_error* error) SLUICE_NOEXCEPT;
    /* After SLUICE_PENDING: goes on with `verdict` on the exchange's loop. reply() and refuse() must have been called
     * on the loop before. The exchange stays valid until then, also when the client has left meanwhile. [any-thread] */
    sluice_status (*resume)(sluice_exchange* exchange, sluice_verdict verdict) SLUICE_NOEXCEPT;
    /* While PENDING: runs fn(ctx) at most once on the loop when the client leaves or a deadline passes; not any more
     * once resume() was called on the loop. Replaces an earlier one; a NULL fn takes it back. */
    sluice_status (*on_cancel)(sluice_exchange* exchange, sluice_callback_fn fn, void* ctx) SLUICE_NOEXCEPT;
} sluice_exchange_api;

/* What a middleware offers; static data of the plugin. `slot` belongs to this middleware in this exchange: NULL at
 * first, free to use, given back in on_complete. */
typedef struct sluice_middleware_api {
    uint32_t struct_size;
    uint32_t flags;
    /* As for backends. [main-thread] */
    sluice_status (*create)(const sluice_host* host, sluice_str config_json, sluice_text_sink errors,
                            sluice_middleware** out) SLUICE_NOEXCEPT;
    /* All exchanges are complete. As for backends. [main-thread] */
    void (*destroy)(sluice_middleware* middleware) SLUICE_NOEXCEPT;
    /* Method, path and headers are known, the body is not read. [loop-thread] */
    sluice_verdict (*on_head)(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                              const sluice_exchange_api* api) SLUICE_NOEXCEPT;
    /* The body is whole and judged (JSON), or about to be streamed. [loop-thread] */
    sluice_verdict (*on_request)(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                                 const sluice_exchange_api* api) SLUICE_NOEXCEPT;
    /* The head of the answer is there, nothing is sent yet. [loop-thread] */
    void (*on_response)(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                        const sluice_exchange_api* api) SLUICE_NOEXCEPT;
    /* A piece of the answer: one event (`name` and `data`) of an event stream, or some bytes of a body (`name`
     * empty). Must keep the length of a body whose length is announced. [loop-thread] */
    sluice_chunk_verdict (*on_chunk)(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                                     const sluice_exchange_api* api, sluice_str name, sluice_str data,
                                     sluice_text_sink replacement) SLUICE_NOEXCEPT;
    /* The last byte is gone or will never go. Exactly once for every exchange in which on_head or on_request was
     * entered. Changes nothing any more. [loop-thread] */
    void (*on_complete)(sluice_middleware* middleware, void* slot, const sluice_summary* summary) SLUICE_NOEXCEPT;
    /* 1 if a client that cannot say who it is would be refused now. A gateway that listens to others than its own
     * machine warns where no middleware says so. Optional. [any-thread] */
    int32_t (*is_guarding)(sluice_middleware* middleware) SLUICE_NOEXCEPT;
} sluice_middleware_api;

SLUICE_EXTERN_C_END
#endif
