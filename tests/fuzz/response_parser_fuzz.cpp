// An answer (head and body) is accepted or refused the same however it is cut, and what it points to lies in the input.
// The first byte says where it is cut.
#include "body_framing.hpp"
#include "head_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice::openai;

struct Outcome {
    HeadResult head = HeadResult::kIncomplete;
    int status = 0;
    BodyFraming::Step last = BodyFraming::Step::kNeedMore;
    std::string body;

    bool operator==(const Outcome&) const = default;
};

void check_inside(std::string_view text, const std::vector<char>& bytes) {
    if (text.empty()) return;
    if (text.data() < bytes.data() || text.data() + text.size() > bytes.data() + bytes.size()) std::abort();
}

void check_views(const ResponseHead& head, const std::vector<char>& bytes) {
    check_inside(head.content_type, bytes);
    check_inside(head.content_encoding, bytes);
    if (head.field_count > ResponseHead::kMaxFields) std::abort();
    for (std::size_t i = 0; i < head.field_count; ++i)
        check_inside({head.fields[i].value.ptr, head.fields[i].value.len}, bytes);
    if (head.status < 100 || head.status > 599) std::abort();
    static_cast<void>(head.retry_after_in_ms());
}

// `cut`: the first so many bytes come alone.
Outcome read_answer(std::vector<char> bytes, std::size_t cut) {
    Outcome outcome;
    ResponseHead head;
    std::size_t consumed = 0;
    std::string_view problem;
    if (cut > 0) outcome.head = parse_head({bytes.data(), cut}, 0, false, head, consumed, problem);
    if (outcome.head == HeadResult::kIncomplete) {
        outcome.head = parse_head({bytes.data(), bytes.size()}, cut, false, head, consumed, problem);
        cut = bytes.size();
    }
    if (outcome.head == HeadResult::kMalformed && problem.empty()) std::abort();
    if (outcome.head != HeadResult::kComplete) return outcome;
    check_views(head, bytes);
    outcome.status = head.status;
    BodyFraming framing(head.framing, head.content_length);
    char* cursor = bytes.data() + consumed;
    for (char* const end : {bytes.data() + cut, bytes.data() + bytes.size()}) {
        std::span<char> piece;
        while ((outcome.last = framing.next(cursor, end, piece)) == BodyFraming::Step::kPiece) {
            check_inside({piece.data(), piece.size()}, bytes);
            outcome.body.append(piece.data(), piece.size());
        }
        if (outcome.last != BodyFraming::Step::kNeedMore) break;
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::vector<char> bytes(data + 1, data + size);
    const std::size_t cut = data[0] % bytes.size();
    const Outcome whole = read_answer(bytes, 0);
    const Outcome in_two = read_answer(bytes, cut);
    // A head that is malformed before its end may be refused earlier, never accepted.
    if (whole.head != in_two.head && in_two.head != HeadResult::kMalformed) std::abort();
    if (whole.head == HeadResult::kComplete && !(whole == in_two)) std::abort();
    return 0;
}
