#include "model_list.hpp"

#include <utility>

#include "abi_text.hpp"

namespace sluice::openai {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxModelIdBytes = 256;

}  // namespace

ModelList::ModelList(const CallContext& context, UpstreamKey key, sluice_models* models, const sluice_models_api* api,
                     std::function<void(ModelList&)> on_over)
    : context_(context),
      key_(std::move(key)),
      models_(models),
      api_(api),
      on_over_(std::move(on_over)),
      exchange_(context.state, *this) {}

void ModelList::start() {
    const auto on_timeout = [](void* ctx) noexcept { static_cast<ModelList*>(ctx)->abandon(); };
    timer_.set(context_.state.target.services, context_.state.loop, kTimeoutMs, on_timeout, this);
    exchange_.start({{}, false, false, &context_.mask});
}

void ModelList::abandon() {
    exchange_.abort();
    const Failure failure = timeout_failure("the upstream did not list its models in time");
    end(&failure);
}

bool ModelList::on_head(const ResponseHead& head) {
    context_.keys.judge(key_, head);
    if (head.status == 200 && !head.is_encoded()) return true;
    return refuse("the upstream did not list its models: it answered with status " + std::to_string(head.status));
}

bool ModelList::on_body(std::span<char> piece) {
    if (body_.size() + piece.size() > kMaxAnswerBytes)
        return refuse("the upstream's list of models is larger than 16 MiB");
    body_.append(piece.data(), piece.size());
    return true;
}

void ModelList::on_end() {
    context_.mask.apply(body_);
    if (add_all()) return end(nullptr);
    const Failure failure = upstream_failure("the upstream's list of models is not a JSON object with an array `data`");
    end(&failure);
}

bool ModelList::add_all() {
    dom::array list;
    dom::element root;
    if (context_.state.parser.parse(body_).get(root) != simdjson::SUCCESS ||
        root["data"].get(list) != simdjson::SUCCESS)
        return false;
    for (const dom::element entry : list) {
        sluice_model model{};
        model.struct_size = sizeof(model);
        std::string_view text;
        if (entry["id"].get(text) != simdjson::SUCCESS || text.empty() || text.size() > kMaxModelIdBytes) continue;
        model.id = to_abi(text);
        if (entry["owned_by"].get(text) == simdjson::SUCCESS) model.owned_by = to_abi(text);
        std::uint64_t created = 0;
        if (entry["created"].get(created) == simdjson::SUCCESS) model.created_unix_s = created;
        api_->add(models_, &model);
    }
    return true;
}

void ModelList::end(const Failure* failure) {
    timer_.stop();
    if (failure == nullptr) {
        api_->done(models_, nullptr);
    } else {
        const sluice_error error = to_abi(*failure);
        api_->done(models_, &error);
    }
    const auto on_over = std::move(on_over_);
    on_over(*this);
}

bool ModelList::refuse(std::string_view problem) {
    exchange_.abort();
    const Failure failure = upstream_failure(problem);
    end(&failure);
    return false;
}

}  // namespace sluice::openai
