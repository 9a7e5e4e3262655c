// The bytes of launcher/main.c as an executable file; generated at build time.
#pragma once

#include <span>

namespace sluice::claude_code {

std::span<const unsigned char> launcher_image() noexcept;

}  // namespace sluice::claude_code
