/* sluice.host.log/1: the host's log. */
#ifndef SLUICE_EXT_LOG_H
#define SLUICE_EXT_LOG_H

#include "sluice/host.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_HOST_LOG_ID "sluice.host.log/1"

typedef enum sluice_log_level {
    SLUICE_LOG_TRACE = 0,
    SLUICE_LOG_DEBUG = 1,
    SLUICE_LOG_INFO = 2,
    SLUICE_LOG_WARN = 3,
    SLUICE_LOG_ERROR = 4
} sluice_log_level;

typedef struct sluice_host_log {
    uint32_t struct_size;
    uint32_t flags;
    /* 1 if a line of this level would be written; ask before building an expensive one. [any-thread] */
    int32_t (*is_enabled)(const sluice_host* host, int32_t level) SLUICE_NOEXCEPT;
    /* Queues one line; never blocks. Prompts, answers and keys do not belong here. [any-thread] */
    void (*write)(const sluice_host* host, int32_t level, sluice_str message) SLUICE_NOEXCEPT;
} sluice_host_log;

SLUICE_EXTERN_C_END
#endif
