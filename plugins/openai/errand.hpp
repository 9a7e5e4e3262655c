// Work that has to be done on a loop, waited for from outside.
#pragma once

#include <functional>

#include "sluice/ext/loop.h"

namespace sluice::openai {

// Runs `work` on the loop behind everything posted to it before, and returns when the loop has left the plugin's code:
// from then on the plugin may be unloaded. On a loop that has stopped for good it runs here. Not on a loop's thread.
void run_errand(const sluice_host_loop& api, sluice_loop* loop, const std::function<void()>& work);

}  // namespace sluice::openai
