#include "subjects.hpp"

#include "client_network.hpp"
#include "text_digest.hpp"

namespace sluice::ratelimit {
namespace {

constexpr std::string_view kSessionHeader = "x-claude-session-id";
constexpr std::size_t kMaxSessionBytes = 64;

}  // namespace

bool Subjects::append(Subject subject, std::string& out) const {
    const std::size_t begin = out.size();
    switch (subject) {
        case Subject::kAddress: append_client_network(request_.client_address(), ipv6_prefix_bits_, out); break;
        case Subject::kKey: append_key(out); break;
        case Subject::kSession:
            if (!append_session(out)) return false;
            break;
        case Subject::kModel:
            if (request_.model().empty()) return false;
            out += request_.model();
            break;
        case Subject::kGlobal: break;
    }
    if (out.size() - begin > kMaxBytes) {
        const std::string whole = out.substr(begin);
        out.resize(begin);
        append_digest(whole, out);
    }
    return true;
}

void Subjects::append_key(std::string& out) const {
    // Marked, so that nobody's key can be named like somebody's address.
    const std::string_view id = exchange_.attribute("key.id");
    if (id.empty()) {
        out += "a:";
        append_client_network(request_.client_address(), ipv6_prefix_bits_, out);
    } else {
        out += "k:";
        out += id;
    }
}

bool Subjects::append_session(std::string& out) const {
    const std::string_view id =
        request_.header(kSessionHeader).value_or(std::string_view()).substr(0, kMaxSessionBytes);
    if (id.empty()) return false;
    for (const char letter : id) {
        out += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
    }
    // With the key: who only names another client's session does not use up its requests.
    out += '|';
    append_key(out);
    return true;
}

}  // namespace sluice::ratelimit
