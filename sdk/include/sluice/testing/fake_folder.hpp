// The folder of an instance under test.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/folder.h"
#include "sluice/testing/host_parts.hpp"

#include <stdlib.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <system_error>

namespace sluice {
namespace testing {

// A temporary folder, made when it is first asked for and removed, with what is in it, at the end. Every thread may use
// it.
class FakeFolder {
public:
    FakeFolder() = default;
    FakeFolder(const FakeFolder&) = delete;
    FakeFolder& operator=(const FakeFolder&) = delete;
    ~FakeFolder() {
        std::error_code ignored;
        if (!path_.empty()) {
            std::filesystem::remove_all(path_, ignored);
        }
    }

    // Empty where none could be made.
    std::string path() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (path_.empty()) {
            std::error_code ignored;
            std::string name = (std::filesystem::temp_directory_path(ignored) / "sluice-instance-XXXXXX").string();
            path_ = mkdtemp(&name[0]) != nullptr ? name : std::string();
        }
        return path_;
    }

    static const sluice_host_folder& table() noexcept {
        static const sluice_host_folder kTable = {
            sizeof(sluice_host_folder), 0, [](const sluice_host* host, sluice_text_sink sink) noexcept {
                const std::string path = parts_of(host).folder->path();
                sink.put(sink.ctx, path.empty() ? to_str("cannot make a temporary folder") : to_str(path));
                return static_cast<sluice_status>(path.empty() ? SLUICE_E_INTERNAL : SLUICE_OK);
            }};
        return kTable;
    }

private:
    std::mutex mutex_;
    std::string path_;
};

}  // namespace testing
}  // namespace sluice
