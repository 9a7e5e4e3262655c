// How a relay tells its call what comes next.
#pragma once

namespace sluice::openai {

enum class Flow {
    kMore,
    kFinish,  // the answer is complete for the client
    kFail     // with the relay's failure()
};

}  // namespace sluice::openai
