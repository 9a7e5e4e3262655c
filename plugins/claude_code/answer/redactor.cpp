#include "answer/redactor.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace sluice::claude_code {
namespace {

constexpr std::string_view kReplacement = "[REDACTED]";
constexpr std::size_t kLookBehind = 16;    // PASSWORD= and a quotation mark are the longest
constexpr std::size_t kKeyWindow = 32;     // a key shows itself within so many characters
constexpr std::size_t kMaxUserinfo = 256;  // beyond, it is taken for credentials without an "@" being seen
constexpr std::size_t kMaxPemLabel = 40;

// What a secret goes on to be made of once it is known to be one. A later one is made of all that an earlier one is.
enum Run : int { kNone, kKey, kBearer, kUserinfo, kValue, kPem };

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_quotation_mark(char c) { return c == '"' || c == '\'' || c == '`'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool accepts(int run, char c) {
    switch (run) {
        case kKey: return is_alphanumeric(c) || c == '-' || c == '_';
        case kBearer: return accepts(kKey, c) || (c != '\0' && std::string_view(".~+/=").find(c) != std::string::npos);
        case kUserinfo: return accepts(kValue, c) && std::string_view("/?#<>").find(c) == std::string::npos;
        case kValue: return !is_space(c) && !is_quotation_mark(c);
        case kPem: return true;
        default: return false;
    }
}

struct Finding {
    enum class Kind { kNothing, kUndecided, kSecret } kind = Kind::kNothing;
    std::size_t length = 0;
    Run run = kNone;
};

constexpr Finding kNothing{};
constexpr Finding kUndecided{Finding::Kind::kUndecided, 0, kNone};

struct KeyShape {
    std::string_view prefix;
    Run run;
    std::size_t with_digit;  // so many characters, and a digit among them
    std::size_t unbroken;    // or so many letters and digits in a row
};

constexpr std::array kKeyShapes = {
    KeyShape{"sk-ant-", kKey, 8, 8},     KeyShape{"sk-", kKey, 10, 16},       KeyShape{"AKIA", kKey, 16, 16},
    KeyShape{"ASIA", kKey, 16, 16},      KeyShape{"AIza", kKey, 30, 30},      KeyShape{"ya29.", kKey, 16, 16},
    KeyShape{"ghp_", kKey, 16, 16},      KeyShape{"gho_", kKey, 16, 16},      KeyShape{"ghu_", kKey, 16, 16},
    KeyShape{"ghs_", kKey, 16, 16},      KeyShape{"ghr_", kKey, 16, 16},      KeyShape{"github_pat_", kKey, 16, 16},
    KeyShape{"Bearer ", kBearer, 8, 20}, KeyShape{"bearer ", kBearer, 8, 20}, KeyShape{"BEARER ", kBearer, 8, 20},
};

Finding find_key(const KeyShape& shape, std::string_view rest) {
    if (!rest.starts_with(shape.prefix)) return shape.prefix.starts_with(rest) ? kUndecided : kNothing;
    const std::string_view key = rest.substr(shape.prefix.size());
    bool has_digit = false;
    std::size_t unbroken = 0;
    for (std::size_t count = 0; count < kKeyWindow; ++count) {
        if (count == key.size()) return kUndecided;
        if (!accepts(shape.run, key[count])) return kNothing;
        has_digit = has_digit || is_digit(key[count]);
        if (unbroken == count && is_alphanumeric(key[count])) ++unbroken;
        if ((has_digit && count + 1 >= shape.with_digit) || unbroken >= shape.unbroken) {
            return Finding{Finding::Kind::kSecret, shape.prefix.size() + count + 1, shape.run};
        }
    }
    return kNothing;
}

// A line of a PEM block: `begin`, a label, five hyphens. The label goes to `label`.
Finding find_pem_line(std::string_view begin, std::string_view rest, std::string_view& label) {
    if (!rest.starts_with(begin)) return begin.starts_with(rest) ? kUndecided : kNothing;
    std::size_t at = begin.size();
    while (at < rest.size() && (rest[at] == ' ' || is_alphanumeric(rest[at]))) {
        if (++at - begin.size() > kMaxPemLabel) return kNothing;
    }
    label = rest.substr(begin.size(), at - begin.size());
    constexpr std::string_view kHyphens = "-----";
    const std::string_view end = rest.substr(at);
    if (!end.starts_with(kHyphens)) return kHyphens.starts_with(end) ? kUndecided : kNothing;
    return Finding{Finding::Kind::kSecret, at + kHyphens.size(), kPem};
}

Finding find_private_key(std::string_view rest) {
    std::string_view label;
    const Finding line = find_pem_line("-----BEGIN ", rest, label);
    return line.kind == Finding::Kind::kSecret && label.find("PRIVATE KEY") == std::string::npos ? kNothing : line;
}

// `rest` comes after "scheme://". The last "@" counts: passwords have them, too.
Finding find_credentials(std::string_view rest) {
    std::size_t colon = std::string::npos;
    std::size_t end = 0;
    for (std::size_t at = 0;; ++at) {
        if (at == kMaxUserinfo) {
            return colon == std::string::npos ? kNothing : Finding{Finding::Kind::kSecret, at, kUserinfo};
        }
        if (at == rest.size()) return Finding{Finding::Kind::kUndecided, end, kNone};
        if (!accepts(kUserinfo, rest[at])) break;
        if (rest[at] == ':') colon = std::min(colon, at);
        if (rest[at] == '@' && colon < at - 1 && colon != std::string::npos) end = at;
    }
    return end == 0 ? kNothing : Finding{Finding::Kind::kSecret, end, kNone};
}

bool is_after_scheme(std::string_view before) {
    return before.size() >= 4 && before.ends_with("://") && is_alphanumeric(before[before.size() - 4]);
}

bool is_after_name(std::string_view before) {
    if (!before.empty() && is_quotation_mark(before.back())) before.remove_suffix(1);
    return before.ends_with("PASSWORD=") || before.ends_with("SECRET=") || before.ends_with("TOKEN=");
}

std::vector<std::string> longest_first(std::vector<std::string> texts) {
    std::erase(texts, std::string());
    std::sort(texts.begin(), texts.end(),
              [](const std::string& left, const std::string& right) { return left.size() > right.size(); });
    return texts;
}

// What is looked for, by how it begins. A secret may begin at a byte only if one of these is possible after the byte
// before it, with the byte itself and with the one behind: so nearly all of a text is passed over without being
// compared to anything.
enum Beginning : std::uint8_t {
    kConfigured = 1,
    kAfterSign = 2,  // a value or credentials, behind the sign before them
    kPemLine = 4,
    kSk = 8,
    kAmazonOrGoogle = 16,
    kGithub = 32,
    kBearerWord = 64,
    kYa = 128
};
constexpr std::uint8_t kKeyBeginnings = kSk | kAmazonOrGoogle | kGithub | kBearerWord | kYa;

Beginning beginning_of(std::string_view prefix) {
    switch (prefix.front()) {
        case 's': return kSk;
        case 'A': return kAmazonOrGoogle;
        case 'g': return kGithub;
        case 'y': return kYa;
        default: return kBearerWord;
    }
}

std::size_t index_of(char c) { return static_cast<unsigned char>(c); }

class Beginnings {
public:
    explicit Beginnings(const std::vector<std::string>& secrets) {
        after_.fill(kConfigured | kPemLine | kKeyBeginnings);
        for (std::size_t byte = 0; byte < after_.size(); ++byte) {
            if (is_alphanumeric(static_cast<char>(byte))) after_[byte] = kConfigured | kPemLine;
        }
        for (const char sign : std::string_view("=/\"'`")) after_[index_of(sign)] |= kAfterSign;
        first_.fill(kAfterSign);
        second_.fill(kAfterSign);
        for (const KeyShape& shape : kKeyShapes) add(beginning_of(shape.prefix), shape.prefix);
        for (const std::string& secret : secrets) add(kConfigured, secret);
        add(kPemLine, "--");
    }

    // What may begin at `at`.
    std::uint8_t possible(std::string_view text, std::size_t at) const {
        const std::uint8_t allowed = at == 0 ? kNotAfterSign : after_[index_of(text[at - 1])];
        const std::uint8_t begun = allowed & first_[index_of(text[at])];
        return at + 1 == text.size() ? begun : begun & second_[index_of(text[at + 1])];
    }

    // The first place from `at` on where anything may begin, or the end of the text.
    std::size_t find(std::string_view text, std::size_t at) const {
        while (at < text.size() && possible(text, at) == 0) ++at;
        return at;
    }

private:
    static constexpr std::uint8_t kNotAfterSign = static_cast<std::uint8_t>(~kAfterSign);

    void add(Beginning beginning, std::string_view text) {
        first_[index_of(text.front())] |= beginning;
        if (text.size() > 1) {
            second_[index_of(text[1])] |= beginning;
        } else {
            for (std::uint8_t& each : second_) each |= beginning;
        }
    }

    std::array<std::uint8_t, 256> after_;
    std::array<std::uint8_t, 256> first_;
    std::array<std::uint8_t, 256> second_;
};

}  // namespace

struct Redactor::Patterns {
    explicit Patterns(std::vector<std::string> texts);

    const std::vector<std::string> secrets;  // the longest first
    const Beginnings beginnings;

    Finding find(std::string_view text, std::size_t at, bool is_end) const;
    Finding find_configured(std::string_view rest, bool is_end) const;
};

Redactor::Patterns::Patterns(std::vector<std::string> texts)
    : secrets(longest_first(std::move(texts))), beginnings(secrets) {}

Finding Redactor::Patterns::find_configured(std::string_view rest, bool is_end) const {
    for (const std::string& secret : secrets) {
        if (secret.front() != rest.front()) continue;
        if (rest.starts_with(secret)) return Finding{Finding::Kind::kSecret, secret.size(), kNone};
        if (!is_end && std::string_view(secret).starts_with(rest)) return kUndecided;
    }
    return kNothing;
}

// Of all that begins here. Depends on what follows alone, never on where the text was cut: as long as anything is
// undecided, everything is.
Finding Redactor::Patterns::find(std::string_view text, std::size_t at, bool is_end) const {
    const std::string_view before = text.substr(0, at);
    const std::string_view rest = text.substr(at);
    const std::uint8_t possible = beginnings.possible(text, at);
    Finding all = (possible & kConfigured) != 0 ? find_configured(rest, is_end) : kNothing;
    const auto add = [&all, is_end](Finding found) {
        // Credentials that end with the text have been seen up to their "@".
        if (is_end && found.kind == Finding::Kind::kUndecided) {
            found.kind = found.length > 0 ? Finding::Kind::kSecret : Finding::Kind::kNothing;
        }
        all.kind = all.kind == Finding::Kind::kUndecided || found.kind == Finding::Kind::kUndecided
                       ? Finding::Kind::kUndecided
                       : std::max(all.kind, found.kind);
        all.length = std::max(all.length, found.length);
        all.run = std::max(all.run, found.run);
    };
    if ((possible & kKeyBeginnings) != 0) {
        for (const KeyShape& shape : kKeyShapes) {
            if (shape.prefix.front() == rest.front()) add(find_key(shape, rest));
        }
    }
    if ((possible & kPemLine) != 0) add(find_private_key(rest));
    if ((possible & kAfterSign) == 0) return all;
    if (is_after_scheme(before)) add(find_credentials(rest));
    if (accepts(kValue, rest.front()) && is_after_name(before)) add(Finding{Finding::Kind::kSecret, 1, kValue});
    return all;
}

Redactor::Redactor(std::vector<std::string> secrets) : patterns_(std::make_unique<Patterns>(std::move(secrets))) {}

Redactor::~Redactor() = default;

std::string Redactor::redact(std::string_view text) const {
    std::string out;
    RedactingStream stream(*this);
    stream.feed(text, out);
    stream.finish(out);
    return out;
}

RedactingStream::RedactingStream(const Redactor& redactor) : patterns_(redactor.patterns_.get()) {}

void RedactingStream::feed(std::string_view piece, std::string& out) {
    held_ += piece;
    scan(false, out);
}

void RedactingStream::finish(std::string& out) {
    scan(true, out);
    held_.clear();
    before_ = drop_ = 0;
    run_ = kNone;
}

void RedactingStream::scan(bool is_end, std::string& out) {
    const std::string_view text = held_;
    std::size_t at = before_;
    std::size_t plain = at;  // from here on nothing has been given out
    for (; at < text.size(); ++at) {
        const bool is_quiet = drop_ == 0 && run_ == kNone;
        if (is_quiet) at = patterns_->beginnings.find(text, at);
        if (at == text.size()) break;
        const Finding found = patterns_->find(text, at, is_end);
        if (found.kind == Finding::Kind::kUndecided) break;
        if (run_ == kPem && drop_ == 0 && text[at] == '-') {
            std::string_view label;
            const Finding end = find_pem_line("-----END ", text.substr(at), label);
            if (end.kind == Finding::Kind::kUndecided && !is_end) break;
            if (end.kind == Finding::Kind::kSecret) {
                drop_ = end.length;
                run_ = kNone;
            }
        }
        if (drop_ == 0 && !accepts(run_, text[at])) run_ = kNone;
        const bool is_covered = drop_ > 0 || run_ != kNone;
        if (found.kind == Finding::Kind::kSecret) {
            if (!is_covered) {
                out.append(text, plain, at - plain);
                out += kReplacement;
            }
            drop_ = std::max(drop_, found.length);
            run_ = std::max<int>(run_, found.run);
        }
        if (is_covered || found.kind == Finding::Kind::kSecret) {
            plain = at + 1;
            if (drop_ > 0) --drop_;
        }
    }
    if (plain < at) out.append(text, plain, at - plain);
    const std::size_t gone = at > kLookBehind ? at - kLookBehind : 0;
    held_.erase(0, gone);
    before_ = at - gone;
}

}  // namespace sluice::claude_code
