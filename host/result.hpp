#pragma once

#include <cassert>
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace sluice {

/// Wraps an error on its way into a Result: `return Unexpected("port 70000 is above 65535");`
template <class E>
class Unexpected {
public:
    explicit Unexpected(E error) : error_(std::move(error)) {}

    const E& error() const& { return error_; }
    E&& error() && { return std::move(error_); }

private:
    E error_;
};

/// A value, or the reason why there is none; the shape of std::expected, which g++ 12 does not have.
/// Asking for the side that is not there is a broken invariant and asserts.
template <class T, class E = std::string>
class [[nodiscard]] Result {
public:
    using value_type = T;
    using error_type = E;

    template <class U = T>
    requires(std::constructible_from<T, U> && !std::same_as<std::remove_cvref_t<U>, Result>) Result(U&& value)
        : state_(std::in_place_index<0>, std::forward<U>(value)) {}

    template <class G>
    requires std::constructible_from<E, G> Result(Unexpected<G> error)
        : state_(std::in_place_index<1>, std::move(error).error()) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    const T& value() const& { return *get<0>(); }
    T& value() & { return *get<0>(); }
    T&& value() && { return std::move(*get<0>()); }
    const T& operator*() const& { return value(); }
    T& operator*() & { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    const T* operator->() const { return get<0>(); }
    T* operator->() { return get<0>(); }

    const E& error() const& { return *get<1>(); }
    E&& error() && { return std::move(*get<1>()); }

    /// The value, or `fallback` if there is none.
    template <class U>
    T value_or(U&& fallback) const& {
        return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
    }

private:
    template <std::size_t kSide>
    auto* get() {
        auto* side = std::get_if<kSide>(&state_);
        assert(side != nullptr);
        return side;
    }
    template <std::size_t kSide>
    const auto* get() const {
        const auto* side = std::get_if<kSide>(&state_);
        assert(side != nullptr);
        return side;
    }

    std::variant<T, E> state_;
};

/// Success without a value, or the reason of the failure. A default-made one is a success.
template <class E>
class [[nodiscard]] Result<void, E> {
public:
    using value_type = void;
    using error_type = E;

    Result() = default;

    template <class G>
    requires std::constructible_from<E, G> Result(Unexpected<G> error)
        : error_(std::in_place, std::move(error).error()) {}

    bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    const E& error() const& {
        assert(error_.has_value());
        return *error_;
    }
    E&& error() && {
        assert(error_.has_value());
        return std::move(*error_);
    }

private:
    std::optional<E> error_;
};

}  // namespace sluice
