#include "isolation/relayed_question.hpp"

#include "isolation/wire_message.hpp"

namespace sluice::isolation {

namespace {

constexpr std::size_t kModelBytes = 2 * sizeof(std::uint32_t) + sizeof(std::uint64_t);
constexpr std::size_t kCheckBytes = 2 * sizeof(std::uint32_t);

}  // namespace

void RelayedModels::on_frame(const Frame& frame) {
    PayloadReader in(frame.payload);
    const bool is_known = frame.kind == FrameKind::kModelsDone && in.get<std::uint8_t>() != 0;
    if (!is_known) return on_loss({"backend_unavailable", "The plugin could not list its models.", 0});
    for (auto left = in.count(kModelBytes); left > 0; --left) {
        sluice_model model{};
        model.struct_size = sizeof model;
        model.id = in.abi_text();
        model.owned_by = in.abi_text();
        model.created_unix_s = in.get<std::uint64_t>();
        if (in.is_good()) api_.add(models_, &model);
    }
    if (!in.is_whole()) return link_.report_breach("it sent a malformed list of models");
    const auto self = shared_from_this();
    link_.end(id());
    api_.done(models_, nullptr);
}

void RelayedModels::on_loss(const Loss& loss) {
    const auto self = shared_from_this();
    const sluice_error error = plain_error(loss.code, loss.message);
    link_.end(id());
    api_.done(models_, &error);
}

void RelayedHealth::on_frame(const Frame& frame) {
    PayloadReader in(frame.payload);
    const auto state = in.get<std::int32_t>();
    const sluice_str word = in.abi_text();
    for (auto left = in.count(kCheckBytes); left > 0; --left) {
        const sluice_str name = in.abi_text();
        const sluice_str json = in.abi_text();
        if (in.is_good()) api_.check(health_, name, json);
    }
    if (frame.kind != FrameKind::kHealthDone || !in.is_whole()) {
        return link_.report_breach("it sent a malformed state of health");
    }
    const auto self = shared_from_this();
    link_.end(id());
    api_.done(health_, state, word);
}

void RelayedHealth::on_loss(const Loss&) {
    const auto self = shared_from_this();
    link_.end(id());
    api_.done(health_, SLUICE_HEALTH_DOWN, SLUICE_STR("restarting"));
}

}  // namespace sluice::isolation
