/* The one function a plugin exports, and the descriptor it returns. */
#ifndef SLUICE_PLUGIN_H
#define SLUICE_PLUGIN_H

#include "sluice/abi.h"
#include "sluice/host.h"
#include "sluice/manifest.h"

SLUICE_EXTERN_C_BEGIN

/* Static data of the plugin, valid while it is loaded. Name, version and ABI equal those of its manifest. */
typedef struct sluice_plugin {
    uint32_t struct_size;
    uint32_t flags;
    uint32_t abi_major;
    uint32_t abi_minor;
    sluice_str name;
    sluice_str version;
    /* JSON Schema (draft 7) of the instance's configuration; empty = an empty object is the only one accepted.
     * Properties with "x-secret": true may be given as `env:NAME` or `file:PATH` and arrive resolved. */
    sluice_str config_schema;
    /* The table of the interface `id` ("sluice.backend/1", "sluice.middleware/1"), static, or NULL. [any-thread] */
    const void* (*get_interface)(sluice_str id)SLUICE_NOEXCEPT;
} sluice_plugin;

/*
 * Returns the plugin's descriptor, or NULL if it refuses to work with a host of this ABI version. Runs no other work:
 * no threads, no files, no sockets. [main-thread]
 */
SLUICE_EXPORT const sluice_plugin* sluice_plugin_query(uint32_t host_major, uint32_t host_minor) SLUICE_NOEXCEPT;

SLUICE_EXTERN_C_END
#endif
