#include "isolation/call_server.hpp"

#include <unistd.h>

#include <functional>
#include <utility>

namespace sluice::isolation {

namespace {

/// Without the gateway there is nothing left to do, and what the plugin holds the system takes back.
[[noreturn]] void leave_with_the_gateway() { _exit(1); }

}  // namespace

CallServer::CallServer(const Loop& loop, const backend::PluginBackend& backend) : loop_(loop), backend_(backend) {}

CallServer::~CallServer() {
    if (channel_) channel_->close();
}

bool CallServer::open(plugin::FileDescriptor socket) {
    channel_ = std::make_shared<Channel>(loop_, std::move(socket), *this);
    return channel_->open();
}

void CallServer::on_closed(const std::string&) { leave_with_the_gateway(); }

void CallServer::on_frame(const Frame& frame) {
    switch (frame.kind) {
        case FrameKind::kStart: return start(frame);
        case FrameKind::kModels: return answer_models(frame.id);
        case FrameKind::kHealth: return answer_health(frame.id);
        default: break;
    }
    // The call may have ended while the frame was on its way.
    const auto found = calls_.find(frame.id);
    if (found == calls_.end()) return;
    const std::shared_ptr<ServedCall> call = found->second;
    PayloadReader in(frame.payload);
    switch (frame.kind) {
        case FrameKind::kCancel: return call->cancel();
        case FrameKind::kCredit: return call->take_credit(in.get<std::uint64_t>());
        case FrameKind::kBodyPiece: {
            const auto status = in.get<std::int32_t>();
            const bool is_last = in.get<std::uint8_t>() != 0;
            return call->take_body(status, in.rest(), is_last);
        }
        default: leave_with_the_gateway();
    }
}

void CallServer::start(const Frame& frame) {
    const std::uint64_t id = frame.id;
    const auto call = std::make_shared<ServedCall>(loop_, channel_, id, [this, id] { calls_.erase(id); });
    if (!call->read(frame.payload)) leave_with_the_gateway();
    calls_.emplace(id, call);
    backend_.start(call->request(), *call);
}

backend::QueryLoop CallServer::query_loop() const {
    return {loop_.raw(), [loop = loop_](std::function<void()> task) {
                return loop.post([task = std::move(task)]() noexcept { task(); }) == SLUICE_OK;
            }};
}

void CallServer::answer_models(std::uint64_t id) {
    // Answered on a worker where the plugin is synchronous.
    const auto give = [channel = channel_, loop = loop_, id](std::optional<std::vector<backend::Model>> models) {
        loop.post([channel, id, models = std::move(models)]() noexcept {
            channel->send(FrameKind::kModelsDone, id, [&](PayloadWriter& out) {
                out.put(static_cast<std::uint8_t>(models.has_value()));
                if (!models) return;
                out.put(static_cast<std::uint32_t>(models->size()));
                for (const backend::Model& each : *models) {
                    out.put(std::string_view(each.id)).put(std::string_view(each.owned_by)).put(each.created_unix_s);
                }
            });
        });
    };
    backend::ask_for_models(backend_, query_loop(), give);
}

void CallServer::answer_health(std::uint64_t id) {
    const auto give = [channel = channel_, loop = loop_, id](backend::Health health) {
        loop.post([channel, id, health = std::move(health)]() noexcept {
            channel->send(FrameKind::kHealthDone, id, [&](PayloadWriter& out) {
                out.put(static_cast<std::int32_t>(health.state)).put(std::string_view(health.word));
                out.put(static_cast<std::uint32_t>(health.checks.size()));
                for (const auto& [name, json] : health.checks)
                    out.put(std::string_view(name)).put(std::string_view(json));
            });
        });
    };
    backend::ask_for_health(backend_, query_loop(), give);
}

}  // namespace sluice::isolation
