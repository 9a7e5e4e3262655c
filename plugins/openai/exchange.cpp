#include "exchange.hpp"

#include <array>
#include <utility>

#include "loop_state.hpp"

namespace sluice::openai {
namespace {

// Up to here copying the body behind the head costs less than a second iovec.
constexpr std::size_t kMaxContiguousBody = 16u << 10;
constexpr std::size_t kPadding = simdjson::SIMDJSON_PADDING;

iovec piece_of(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

bool is_broken(const IoResult& result) {
    return result.status == IoStatus::kClosed || result.status == IoStatus::kFailed;
}

}  // namespace

void Exchange::start(const ExchangeRequest& request) {
    request_ = request;
    expects_push_ = request.is_streamed;
    if (!take_pooled()) return dial();
    phase_ = Phase::kQueued;
    queue_place_ = state_.sends.add(*this);
}

void Exchange::send_now() {
    phase_ = Phase::kIdle;
    begin_sending();
}

Exchange::Push Exchange::push(std::string_view bytes, bool is_last) {
    expects_push_ = !is_last;
    if (is_send_broken_) return Push::kTaken;  // an answer may still come; the rest of the request has no way to go
    const iovec piece = piece_of(bytes);
    const IoResult sent = bytes.empty() ? IoResult{IoStatus::kOk} : connection_->send({&piece, 1});
    if (is_broken(sent)) return survive_send_failure() ? Push::kTaken : Push::kOver;
    if (sent.bytes < bytes.size()) {
        unsent_.text().assign(bytes.substr(sent.bytes));
        connection_->wait_for(!is_paused_, true);
        return Push::kQueued;
    }
    if (is_last && state_.target.config.head_timeout.count() > 0) after_sending();
    return Push::kTaken;
}

void Exchange::pause() {
    is_paused_ = true;
    connection_->wait_for(false, !is_all_sent());
}

void Exchange::resume() {
    is_paused_ = false;
    connection_->wait_for(true, !is_all_sent());
    if (connection_->has_pending()) read();
}

void Exchange::leave() {
    std::unique_ptr<Connection> connection = std::move(connection_);
    const bool was_in_body = std::exchange(phase_, Phase::kIdle) == Phase::kBody;
    if (!was_in_body || !keeps_alive_ || !is_request_complete()) return;
    auto step = BodyFraming::Step::kPiece;
    std::span<char> piece;
    while (step == BodyFraming::Step::kPiece) step = framing_.next(cursor_, end_, piece);
    if (step == BodyFraming::Step::kNeedMore) state_.pool.drain(std::move(connection), framing_, lifetime_);
    if (step == BodyFraming::Step::kEnd && cursor_ == end_) state_.pool.give(std::move(connection), lifetime_);
}

void Exchange::abort() {
    if (phase_ == Phase::kQueued) state_.sends.remove(queue_place_);
    phase_ = Phase::kIdle;
    dialer_.reset();
    connection_.reset();
}

void Exchange::on_ready(Connection&, std::uint32_t readiness) {
    if (phase_ == Phase::kQueued) return replace_pooled();
    const bool can_send = (readiness & SLUICE_WRITABLE) != 0 && !is_all_sent();
    if (can_send && !send_rest()) return;
    // While paused only an error is told of; what came before it still has to be read.
    if ((readiness & ~static_cast<std::uint32_t>(SLUICE_WRITABLE)) != 0) read();
}

void Exchange::on_timer(Connection&) {
    if (phase_ == Phase::kBody) return user_.on_timer();
    fail(timeout_failure("the upstream did not begin its answer within " +
                         std::to_string(state_.target.config.head_timeout.count()) + " ms"));
}

void Exchange::on_dialed(std::unique_ptr<Connection> connection) {
    dialer_.reset();
    connection_ = std::move(connection);
    begin_sending();
}

void Exchange::on_dial_failed(Failure failure) { fail(std::move(failure)); }

void Exchange::dial() {
    phase_ = Phase::kDialing;
    dialer_ = std::make_unique<Dialer>(state_.target, state_.loop, state_.sessions, *this);
    dialer_->start();
}

// From here on the connection reports to this exchange, not to the pool.
bool Exchange::take_pooled() {
    connection_ = state_.pool.take();
    return connection_ != nullptr && connection_->serve(*this);
}

// The pooled connection ended, or spoke unasked, before its turn to send. With TLS it may only be a session ticket.
void Exchange::replace_pooled() {
    if (connection_->is_tls() || take_pooled()) return;
    state_.sends.remove(queue_place_);
    dial();
}

void Exchange::begin_sending() {
    const bool is_reused = phase_ != Phase::kDialing;
    phase_ = Phase::kHead;
    if (!is_reused && !connection_->serve(*this))
        return fail(upstream_failure("the connection to the upstream cannot be watched"));
    while (is_broken(send_first())) {
        if (!is_reused)
            return fail(upstream_failure("the upstream closed the connection before it was sent the request"));
        // Not a byte was written, so nothing is sent twice.
        if (!take_pooled()) return dial();
    }
    if (is_reused) state_.target.metrics.count_reused();
    after_sending();
}

IoResult Exchange::send_first() {
    std::string& buffer = state_.send_buffer;
    buffer.clear();
    user_.write_head(buffer);
    const std::size_t head_size = buffer.size();
    const bool is_contiguous = request_.body.size() <= kMaxContiguousBody;
    if (is_contiguous) buffer.append(request_.body);
    const std::array<iovec, 2> pieces{piece_of(buffer), piece_of(request_.body)};
    const IoResult sent = connection_->send({pieces.data(), is_contiguous ? 1u : 2u});
    if (sent.bytes < head_size) unsent_.text().assign(buffer, sent.bytes, head_size - sent.bytes);
    body_sent_ = sent.bytes < head_size ? 0 : sent.bytes - head_size;
    return sent;
}

// False if the exchange is over.
bool Exchange::send_rest() {
    const std::string_view body = request_.body.substr(body_sent_);
    const std::array<iovec, 2> pieces{piece_of(unsent_.view()), piece_of(body)};
    const IoResult sent = connection_->send(pieces);
    if (is_broken(sent)) return survive_send_failure();
    const std::size_t of_unsent = std::min(sent.bytes, unsent_.size());
    if (of_unsent > 0) unsent_.text().erase(0, of_unsent);
    body_sent_ += sent.bytes - of_unsent;
    if (!is_all_sent()) return true;
    unsent_.release();
    return after_sending();
}

// False if the exchange is over.
bool Exchange::after_sending() {
    connection_->wait_for(!is_paused_, !is_all_sent());
    if (!is_all_sent()) return true;
    const auto limit = state_.target.config.head_timeout.count();
    if (limit > 0 && phase_ == Phase::kHead && !expects_push_)
        connection_->set_timer(static_cast<std::uint64_t>(limit));
    if (request_.is_streamed && !expects_push_) return true;
    return user_.on_sent();
}

// The upstream may have answered and closed without reading the whole request (RFC 9112, 9.3): look for that answer.
bool Exchange::survive_send_failure() {
    unsent_.release();
    request_.body = {};
    body_sent_ = 0;
    is_send_broken_ = true;
    connection_->wait_for(!is_paused_, false);
    return read();
}

// False if the exchange is over.
bool Exchange::read() {
    do {
        const std::span<char> space = state_.buffer.space();
        const IoResult received = connection_->receive(space.data(), space.size());
        if (received.status == IoStatus::kWouldBlock) return true;
        if (received.status != IoStatus::kOk) {
            on_peer_closed(received.status == IoStatus::kClosed);
            return false;
        }
        has_answer_ = true;
        if (!take(space.data(), received.bytes)) return false;
    } while (!is_paused_ && connection_->has_pending());
    return true;
}

bool Exchange::take(char* bytes, std::size_t size) {
    cursor_ = bytes;
    end_ = bytes + size;
    if (phase_ == Phase::kHead) {
        const HeadStep step = take_head();
        if (step != HeadStep::kDone) return step == HeadStep::kIncomplete;
        if (!begin_body()) return false;
    }
    return take_body();
}

Exchange::HeadStep Exchange::take_head() {
    std::size_t searched = head_bytes_.size();
    if (searched > 0) {
        std::string& bytes = head_bytes_.text();
        bytes.reserve(searched + static_cast<std::size_t>(end_ - cursor_) + kPadding);
        bytes.append(cursor_, end_);
        cursor_ = bytes.data();
        end_ = cursor_ + bytes.size();
    }
    ResponseHead& head = state_.head;
    for (;;) {
        if (cursor_ == end_) {
            head_bytes_.release();
            return HeadStep::kIncomplete;
        }
        std::size_t size = 0;
        std::string_view problem;
        const HeadResult result = parse_head({cursor_, end_}, searched, request_.is_head, head, size, problem);
        if (result == HeadResult::kIncomplete) {
            keep_head_bytes();
            return HeadStep::kIncomplete;
        }
        if (result == HeadResult::kMalformed || head.status == 101) {
            fail(upstream_failure(problem.empty() ? "the upstream switched protocols, which was not asked for"
                                                  : "the upstream does not behave: " + std::string(problem)));
            return HeadStep::kOver;
        }
        if (request_.mask != nullptr) request_.mask->apply({cursor_, size});
        cursor_ += size;
        searched = 0;
        if (!head.is_informational()) return HeadStep::kDone;
    }
}

void Exchange::keep_head_bytes() {
    std::string& bytes = head_bytes_.text();
    if (bytes.empty())
        bytes.assign(cursor_, end_);
    else
        bytes.erase(0, static_cast<std::size_t>(cursor_ - bytes.data()));
}

bool Exchange::begin_body() {
    const ResponseHead& head = state_.head;
    phase_ = Phase::kBody;
    framing_ = BodyFraming(head.framing, head.content_length);
    // A second less than the upstream keeps it: both ends must not decide at the same moment.
    keeps_alive_ = head.keeps_alive && head.keep_alive_seconds != 1;
    lifetime_ = std::chrono::seconds(head.keep_alive_seconds > 1 ? head.keep_alive_seconds - 1 : 0);
    connection_->stop_timer();
    return user_.on_head(head);
}

bool Exchange::take_body() {
    for (;;) {
        std::span<char> piece;
        switch (framing_.next(cursor_, end_, piece)) {
            case BodyFraming::Step::kPiece:
                if (!user_.on_body(piece)) return false;
                break;
            case BodyFraming::Step::kNeedMore:
                if (!user_.on_batch_end()) return false;
                head_bytes_.release();
                return true;
            case BodyFraming::Step::kEnd: finish(); return false;
            case BodyFraming::Step::kMalformed:
                fail(upstream_failure("the upstream does not behave: the chunks of its answer are malformed"));
                return false;
        }
    }
}

void Exchange::finish() {
    phase_ = Phase::kIdle;
    std::unique_ptr<Connection> connection = std::move(connection_);
    // Bytes behind the answer belong to nobody: the two sides no longer agree where messages end.
    const bool is_reusable = keeps_alive_ && is_request_complete() && cursor_ == end_;
    if (is_reusable) state_.pool.give(std::move(connection), lifetime_);
    connection.reset();
    user_.on_end();
}

void Exchange::on_peer_closed(bool in_order) {
    if (phase_ == Phase::kBody && in_order && framing_.may_end_with_connection()) {
        keeps_alive_ = false;
        cursor_ = end_ = nullptr;
        return finish();
    }
    const std::string_view how =
        in_order ? "the upstream closed the connection " : "the upstream broke the connection ";
    std::string_view when = "without an answer";
    if (phase_ == Phase::kBody)
        when = "before its answer was complete";
    else if (has_answer_)
        when = "in the middle of the head of its answer";
    fail(upstream_failure(std::string(how).append(when)));
}

void Exchange::fail(Failure failure) {
    if (has_answer_)
        failure.flags &= ~static_cast<std::uint32_t>(SLUICE_ERROR_UNANSWERED);
    else
        failure.flags |= SLUICE_ERROR_UNANSWERED;
    abort();
    user_.on_failed(std::move(failure));
}

}  // namespace sluice::openai
