#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.hpp"
#include "http/attributes.hpp"
#include "http/request.hpp"

namespace sluice::routing {

/// Finds among many rules the few that may match a request, without looking at the others: each rule is filed under one
/// of its conditions, the model if it has one, else a header, an attribute, or the path. Immutable. [any-thread]
class RuleIndex {
public:
    explicit RuleIndex(const std::vector<config::Route>& routes);

    /// Calls `try_rule(index)` for every rule that may match, in the order of the rules, until it returns true. Takes
    /// no memory.
    template <class TryRule>
    void visit(const http::Request& request, const http::Attributes& attributes, TryRule&& try_rule) const {
        Files files;
        std::size_t count = collect(request, attributes, files);
        for (;;) {
            std::span<const std::uint32_t>* first = nullptr;
            for (std::size_t at = 0; at < count; ++at) {
                if (files[at].empty()) continue;
                if (!first || files[at].front() < first->front()) first = &files[at];
            }
            if (!first || try_rule(first->front())) return;
            *first = first->subspan(1);
        }
    }

private:
    using Rules = std::vector<std::uint32_t>;  ///< ascending
    struct TextHash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using ByText = std::unordered_map<std::string, Rules, TextHash, std::equal_to<>>;
    /// By the text before the first star of a pattern.
    struct Prefixes {
        ByText rules;
        std::vector<std::size_t> lengths;  ///< that occur, each once

        void add(std::string_view pattern, std::uint32_t rule);
    };
    /// By the value of one header or attribute, in small letters.
    struct Values {
        std::string name;
        ByText rules;
        std::size_t longest = 0;

        void add(const config::ValueMatch& match, std::uint32_t rule);
    };
    static constexpr std::size_t kMostFiles = 96;
    static constexpr std::size_t kMostLengths = 32;
    static constexpr std::size_t kMostNames = 8;
    static constexpr std::size_t kMostValueBytes = 128;
    using Files = std::array<std::span<const std::uint32_t>, kMostFiles>;

    std::size_t collect(const http::Request& request, const http::Attributes& attributes, Files& files) const;
    static void find(const Prefixes& prefixes, std::string_view text, Files& files, std::size_t& count);
    static void find(const Values& values, std::string_view value, Files& files, std::size_t& count);
    bool file_by_value(const config::ValueMatch& match, std::vector<Values>& all, std::uint32_t rule);
    bool file_by_prefix(const std::string& pattern, Prefixes& prefixes, std::uint32_t rule);

    Prefixes models_;
    Prefixes paths_;
    std::vector<Values> headers_;
    std::vector<Values> attributes_;
    Rules others_;
};

}  // namespace sluice::routing
