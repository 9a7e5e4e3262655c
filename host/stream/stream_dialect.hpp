#pragma once

namespace sluice::stream {

/// How an endpoint's event stream is written and ended.
enum class Dialect {
    kChat,  ///< only data lines, ended by "data: [DONE]" (chat and legacy completions)
    kNamed  ///< events keep their names, ended by the end of the body (responses and others)
};

}  // namespace sluice::stream
