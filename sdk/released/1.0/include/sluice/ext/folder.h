/* sluice.host.folder/1: a folder of the instance's own, for files that must outlive the process. */
#ifndef SLUICE_EXT_FOLDER_H
#define SLUICE_EXT_FOLDER_H

#include "sluice/host.h"

SLUICE_EXTERN_C_BEGIN

#define SLUICE_HOST_FOLDER_ID "sluice.host.folder/1"

typedef struct sluice_host_folder {
    uint32_t struct_size;
    uint32_t flags;
    /* Gives the absolute path of the folder, which is made (mode 0700) where it is missing. It belongs to the name of
     * the instance: the next instance of that name, in this process or a later one, finds what was left in it. During
     * a reload two of them may use it at once. What can live in a store belongs there. On failure SLUICE_E_INTERNAL,
     * and `path` gets the reason instead. May wait for the disk. [main-thread] */
    sluice_status (*path)(const sluice_host* host, sluice_text_sink path) SLUICE_NOEXCEPT;
} sluice_host_folder;

SLUICE_EXTERN_C_END
#endif
