// A key set in a file.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <string>

#include "jwt/key_document.hpp"

namespace sluice::auth::jwt {

// Is read again when the file is another one or was written to, or when a fresh set is needed.
class KeyFile final : public KeyDocument {
public:
    explicit KeyFile(std::string path) : path_(std::move(path)) {}

    std::optional<Content> read(bool needs_fresh, std::string& problem) override;
    void abort() noexcept override { is_aborted_ = true; }

private:
    const std::string path_;
    std::atomic<bool> is_aborted_{false};
    struct stat seen_ {};
};

}  // namespace sluice::auth::jwt
