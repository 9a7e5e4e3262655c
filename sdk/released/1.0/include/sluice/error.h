/* How a plugin says what went wrong, in the terms a client of the OpenAI API understands. */
#ifndef SLUICE_ERROR_H
#define SLUICE_ERROR_H

#include "sluice/abi.h"

SLUICE_EXTERN_C_BEGIN

/* Bits of sluice_error.flags. */
typedef enum sluice_error_flag {
    SLUICE_ERROR_RELAYED = 1,   /* the client has already been sent this error as a stream event: add none */
    SLUICE_ERROR_UNANSWERED = 2 /* the upstream has not begun to answer: another target may be tried */
} sluice_error_flag;

/*
 * `code` names a row of the host's error table ("upstream_error", "timeout", "invalid_header_value", ...), which gives
 * the HTTP status and the type. `http_status` and `type` override them where they are set; both are required for a
 * code the table does not have. `message` is shown to the client: it says what was found and what was expected and
 * holds no secret.
 */
typedef struct sluice_error {
    uint32_t struct_size;
    uint32_t flags;
    int32_t http_status;     /* 0 = by `code` */
    uint32_t retry_after_ms; /* 0 = no Retry-After */
    sluice_str code;
    sluice_str type; /* empty = by `code` */
    sluice_str param;
    sluice_str message;
} sluice_error;

SLUICE_EXTERN_C_END
#endif
