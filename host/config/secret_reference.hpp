#pragma once

#include "config/environment.hpp"
#include "config/secret.hpp"

#include <cstddef>
#include <string>

namespace sluice::config {

/// Largest file a secret is read from, in bytes.
inline constexpr std::size_t kMaxSecretBytes = 65536;

/// A secret, or why it could not be had.
struct SecretValue {
    Secret secret;
    std::string problem;
};

/// `env:NAME` is the value of a variable, `file:/path` the content of a regular file without the newline at its
/// end; any other text is the secret itself. Reads the disk.
SecretValue resolve_secret(const std::string& text, const Environment& environment);

}  // namespace sluice::config
