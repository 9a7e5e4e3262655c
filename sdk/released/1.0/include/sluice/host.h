/* What the host hands to every instance it creates. */
#ifndef SLUICE_HOST_H
#define SLUICE_HOST_H

#include "sluice/abi.h"

SLUICE_EXTERN_C_BEGIN

/* Bits of sluice_host.flags. */
typedef enum sluice_host_flag {
    /* The instance is only tried, in a process of its own that ends at once: create() judges its configuration, but
     * opens no connection, starts no process and changes nothing that lasts. No request will come. */
    SLUICE_HOST_PROBE = 1
} sluice_host_flag;

/*
 * One per instance, owned by the host, alive from before create() until after destroy() returned. Interfaces found
 * through it live as long and may be kept. Their functions take this table as their first argument, so that what
 * they do is accounted to the instance.
 */
typedef struct sluice_host {
    uint32_t struct_size;
    uint32_t flags; /* bits of sluice_host_flag */
    uint32_t abi_major;
    uint32_t abi_minor;
    void* ctx;           /* the host's own; not for the plugin */
    sluice_str instance; /* the configured name of the instance, e.g. "openai-passthrough" */
    /* The table of the interface `id` ("sluice.host.log/1"), or NULL where this host has none. [any-thread] */
    const void* (*get_interface)(const struct sluice_host* host, sluice_str id)SLUICE_NOEXCEPT;
} sluice_host;

SLUICE_EXTERN_C_END
#endif
