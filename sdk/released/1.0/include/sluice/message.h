/* Requests and responses as plugins see them. */
#ifndef SLUICE_MESSAGE_H
#define SLUICE_MESSAGE_H

#include "sluice/abi.h"

SLUICE_EXTERN_C_BEGIN

typedef struct sluice_header {
    sluice_str name; /* as the sender spelled it; compare without case (RFC 9110, 5.1) */
    sluice_str value;
} sluice_header;

/* Readable bytes behind the end of sluice_request.body; their content is not defined. */
#define SLUICE_BODY_PADDING 64

#define SLUICE_LENGTH_UNKNOWN UINT64_MAX

/* Bits of sluice_request.flags. */
typedef enum sluice_request_flag {
    SLUICE_REQUEST_STREAM = 1,        /* the body asks for a stream ("stream": true) */
    SLUICE_REQUEST_JSON = 2,          /* `body` is whole and is one valid JSON object */
    SLUICE_REQUEST_BODY_STREAMED = 4, /* `body` is empty: fetch it with read_body() */
    SLUICE_REQUEST_WANTS_USAGE = 8,   /* "stream_options": {"include_usage": true} */
    SLUICE_REQUEST_USAGE_INJECTED =
        16 /* the gateway put that into the body: count usage, and keep the event that only brings it from the client */
} sluice_request_flag;

/*
 * One client request. Valid, with all it points to, until the terminal call (backend) or until the hook returns
 * (middleware); `body` until release_body() if that comes first.
 */
typedef struct sluice_request {
    uint32_t struct_size;
    uint32_t flags;
    sluice_str request_id;
    sluice_str method;            /* "POST" */
    sluice_str path;              /* "/v1/chat/completions", as sent, without query */
    sluice_str query;             /* what follows '?', or empty */
    sluice_str model;             /* the body's "model", unescaped; empty where there is none */
    sluice_str client_address;    /* numeric, after trusted proxies */
    const sluice_header* headers; /* of the client, hop-by-hop ones removed, as left by the middleware */
    size_t header_count;
    sluice_str body;
    uint64_t body_length;  /* of the body in bytes, or SLUICE_LENGTH_UNKNOWN while it is still being sent chunked */
    uint64_t choice_count; /* the body's "n"; 1 where there is none */
} sluice_request;

/* Bits of sluice_response.flags. */
typedef enum sluice_response_flag {
    SLUICE_RESPONSE_EVENTS = 1 /* a stream of events: give them with write_event(), one each */
} sluice_response_flag;

/* The head of an answer. Borrowed for the call it is passed to. */
typedef struct sluice_response {
    uint32_t struct_size;
    uint32_t flags;
    int32_t http_status;
    uint32_t reserved;
    uint64_t content_length;      /* of the body in bytes, or SLUICE_LENGTH_UNKNOWN; ignored for events */
    sluice_str content_type;      /* ignored for events */
    const sluice_header* headers; /* further ones; no hop-by-hop, length, type or framing headers */
    size_t header_count;
} sluice_response;

/* Bits of sluice_usage.flags. */
typedef enum sluice_usage_flag { SLUICE_USAGE_ESTIMATED = 1 } sluice_usage_flag;

/* Tokens of one call. */
typedef struct sluice_usage {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t prompt_tokens; /* cached ones included */
    uint64_t completion_tokens;
    uint64_t cached_tokens;
} sluice_usage;

SLUICE_EXTERN_C_END
#endif
