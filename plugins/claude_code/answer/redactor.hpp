// Keeps secrets from clients.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::claude_code {

// What is to be found: the texts it is made with, and what has one of these shapes, letters at the beginning of a word:
//   sk-ant-, sk-, ghp_ and its kin, github_pat_, AIza, ya29., AKIA, ASIA, "Bearer ": then as many characters of a key
//     as words seldom have, with a digit among them, or more without a hyphen ("sk-learn", "Bearer of bad news" stay)
//   -----BEGIN ... PRIVATE KEY-----, up to the line that ends it, or to the end of the text
//   scheme://user:password@host: what stands before the last "@"
//   ...PASSWORD=, ...SECRET=, ...TOKEN=, in capitals: the value, up to white space or a quotation mark
// Where they overlap, all that any of them covers goes. Does not change: every thread may use it, several at once.
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
    void scan(bool is_end, std::string& out);

    const Redactor::Patterns* patterns_;
    std::string held_;        // what has gone already but is looked back at, then what is held back
    std::size_t before_ = 0;  // how much of it has gone
    std::size_t drop_ = 0;    // how many of the bytes to come belong to a secret
    int run_ = 0;             // of what the secret goes on to be made of
};

}  // namespace sluice::claude_code
