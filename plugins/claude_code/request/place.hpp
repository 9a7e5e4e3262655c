// Where a value stands in the body of a request, and reading it as what it should be.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::claude_code {

// A path like messages[3].content, put into words only when something is wrong there. Borrows the place it was made
// from and the names: all of them stand in the calls that are reading.
class Place {
public:
    explicit constexpr Place(std::string_view name) noexcept : name_(name) {}

    constexpr Place member(std::string_view name) const noexcept { return Place(this, name, kNoIndex); }
    constexpr Place element(std::size_t index) const noexcept { return Place(this, {}, index); }
    std::string text() const;

private:
    static constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);
    constexpr Place(const Place* parent, std::string_view name, std::size_t index) noexcept
        : parent_(parent), name_(name), index_(index) {}

    const Place* parent_ = nullptr;
    std::string_view name_;
    std::size_t index_ = kNoIndex;
};

// Throw sluice::Error: invalid_request about a place. `found` and `expected` as in "found a number, expected a string".
[[noreturn]] void refuse(const Place& place, std::string_view found, std::string_view expected);
[[noreturn]] void refuse_type(const Place& place, const simdjson::dom::element& found, std::string_view expected);
// The member or part is known and not supported; `advice` says what the client can do.
[[noreturn]] void refuse_unsupported(const Place& place, std::string_view what, std::string_view advice);

// Read a value, or throw invalid_request.
std::string_view read_string(const Place& place, const simdjson::dom::element& value);
bool read_bool(const Place& place, const simdjson::dom::element& value);
double read_number(const Place& place, const simdjson::dom::element& value);
simdjson::dom::object read_object(const Place& place, const simdjson::dom::element& value);
simdjson::dom::array read_array(const Place& place, const simdjson::dom::element& value);

// A member of `object` that is there and not null: false if there is none. Clients send null for what they leave out.
bool find_member(const simdjson::dom::object& object, std::string_view name, simdjson::dom::element& value);
// The same for a member that has to be there; `parent` is the object's place, `expected` as above.
simdjson::dom::element required_member(const Place& parent, const simdjson::dom::object& object, std::string_view name,
                                       std::string_view expected);
std::string_view required_string(const Place& parent, const simdjson::dom::object& object, std::string_view name);

// A text of a client as part of a message: quoted, cut where it is long.
std::string shown(std::string_view text);

}  // namespace sluice::claude_code
