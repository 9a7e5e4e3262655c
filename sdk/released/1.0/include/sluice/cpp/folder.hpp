// A folder of the instance's own.
#pragma once

#include "sluice/cpp/error.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/folder.h"

#include <string>

namespace sluice {
inline namespace v1 {

// The absolute path of a folder that belongs to the instance's name and outlives the process; made where it is missing.
// Throws Error with the reason where there is none. For constructors: it may wait for the disk.
inline std::string instance_folder(const sluice_host* host) {
    const auto* table =
        static_cast<const sluice_host_folder*>(host->get_interface(host, to_str(SLUICE_HOST_FOLDER_ID)));
    if (table == nullptr) {
        throw Error("internal_error", "this host offers no folder for files (" SLUICE_HOST_FOLDER_ID ")");
    }
    std::string text;
    const sluice_text_sink sink{
        &text, [](void* ctx, sluice_str piece) noexcept { static_cast<std::string*>(ctx)->append(to_view(piece)); }};
    if (table->path(host, sink) < 0) {
        throw Error("internal_error", text);
    }
    return text;
}

}  // namespace v1
}  // namespace sluice
