#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "isolation/channel.hpp"

namespace sluice::isolation {

/// Why a plugin process cannot do what was asked of it, as the client may read it.
struct Loss {
    std::string_view code;  ///< of the host's error table
    std::string message;
    std::uint32_t retry_after_ms = 0;
};

/// Something that is asked of a plugin process on one loop: a call, a question, an exchange. [loop-thread]
class Errand {
public:
    virtual ~Errand() = default;
    /// What its frames carry; 0 where it was lost before it got one.
    std::uint64_t id() const noexcept { return id_; }
    void set_id(std::uint64_t id) noexcept { id_ = id; }

    /// The process is there: sends what is asked. Not called where the process is lost before.
    virtual void begin(const std::shared_ptr<Channel>& channel) = 0;
    /// An answer with the errand's id.
    virtual void on_frame(const Frame& frame) = 0;
    /// The process is gone, or will not be there in time. Nothing comes any more.
    virtual void on_loss(const Loss& loss) = 0;

private:
    std::uint64_t id_ = 0;
};

}  // namespace sluice::isolation
