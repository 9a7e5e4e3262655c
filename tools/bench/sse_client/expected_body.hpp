#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/answers.hpp"

namespace sluice::bench {

/// The body of an answer as the upstream sends it.
struct ExpectedBody {
    static ExpectedBody completion(const Answers& answers);
    static ExpectedBody stream(const Answers& answers, std::int64_t chunks);

    std::string bytes;                       // with blank stamps
    std::vector<std::size_t> stamp_offsets;  // in order
};

/// Compares a body that arrives in pieces with the expected one, byte for byte. Where a time stamp stands, another is
/// taken for it that is not before the last one: events that changed places are found.
class BodyComparison {
public:
    /// `expected` outlives the comparison.
    explicit BodyComparison(const ExpectedBody& expected) : expected_(&expected) {}

    void read(std::string_view piece);

    /// Whether all of it has come and nothing else.
    bool is_equal() const { return !is_different_ && position_ == expected_->bytes.size(); }

private:
    std::size_t compare_bytes(std::string_view piece);
    std::size_t read_stamp(std::string_view piece);

    const ExpectedBody* expected_;
    std::size_t position_ = 0;
    std::size_t next_stamp_ = 0;
    std::string stamp_;
    std::string last_stamp_;
    bool is_different_ = false;
};

}  // namespace sluice::bench
