/* sluice.host.clock/1: the time, as the host sees it (and a test may set it). */
#ifndef SLUICE_EXT_CLOCK_H
#define SLUICE_EXT_CLOCK_H

#include "sluice/host.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_HOST_CLOCK_ID "sluice.host.clock/1"

typedef struct sluice_host_clock {
    uint32_t struct_size;
    uint32_t flags;
    /* Never goes back; for measuring and deadlines. [any-thread] */
    uint64_t (*monotonic_ns)(const sluice_host* host) SLUICE_NOEXCEPT;
    /* Since 1970-01-01 UTC; may jump. [any-thread] */
    uint64_t (*unix_ms)(const sluice_host* host) SLUICE_NOEXCEPT;
} sluice_host_clock;

SLUICE_EXTERN_C_END
#endif
