// Blots out keys in bytes that go to a client: every character of a key becomes '*', the length stays.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::openai {

// Immutable after its construction; one for the server's secrets, one for each client key in use.
class KeyMask {
public:
    // Shorter secrets are not looked for: they would match ordinary text.
    static constexpr std::size_t kMinSecretBytes = 8;
    // Longer ones are neither: what is held back of a body has to fit into the receive buffer's headroom.
    static constexpr std::size_t kMaxSecretBytes = 4096;

    KeyMask() = default;
    explicit KeyMask(std::string_view secret) { add(secret); }

    // Also adds the secret as JSON writes it ('/' and '"' escaped) where that differs.
    void add(std::string_view secret);
    bool is_empty() const noexcept { return needles_.empty(); }

    // Masks every whole occurrence in place.
    void apply(std::span<char> bytes) const noexcept;

    // How many bytes at the end could be the beginning of a secret and must wait for what follows. Less than the
    // longest secret.
    std::size_t open_tail(std::span<const char> bytes) const noexcept;
    std::size_t longest() const noexcept { return longest_; }

private:
    struct Needle {
        std::string text;
        std::size_t anchor;  // index of its rarest character: that one is searched, the rest compared
    };

    static void apply(const Needle& needle, std::span<char> bytes) noexcept;
    void add_needle(std::string text);

    std::vector<Needle> needles_;
    std::size_t longest_ = 0;
};

}  // namespace sluice::openai
