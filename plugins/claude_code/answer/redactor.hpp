// Keeps secrets from clients.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::claude_code {

// What is to be found: keys and tokens of known shapes, and the texts it is made with. Does not change: every thread
// may use it, several at once.
class Redactor {
public:
    // `secrets`: texts that never reach a client, whole. Empty ones are left out.
    explicit Redactor(std::vector<std::string> secrets);
    ~Redactor();
    Redactor(const Redactor&) = delete;
    Redactor& operator=(const Redactor&) = delete;

    // The text with "[REDACTED]" in the place of each secret.
    std::string redact(std::string_view text) const;

private:
    friend class RedactingStream;
    struct Patterns;
    std::unique_ptr<const Patterns> patterns_;
};

// The same for a text that comes in pieces: a secret that is cut anywhere is found all the same. What may be the
// beginning of one is held back; what comes out, put together, is what redact() makes of the whole.
class RedactingStream {
public:
    explicit RedactingStream(const Redactor& redactor);

    // Appends to `out` what is known to be no secret.
    void feed(std::string_view piece, std::string& out);
    // The end of the text: appends the rest.
    void finish(std::string& out);

private:
    const Redactor::Patterns* patterns_;
    std::string held_;
};

}  // namespace sluice::claude_code
