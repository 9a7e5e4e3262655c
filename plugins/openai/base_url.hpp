// The upstream's base URL, and where a request of a client goes below it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::openai {

struct BaseUrl {
    bool is_https = false;
    std::string host;  // without brackets; a name in lower case, or a literal address
    std::uint16_t port = 0;
    std::string user_info;  // "user:password", percent-decoded; empty where there is none
    std::string path;       // without a closing slash: "/v1", "/openai/deployments/foo" or ""
    std::string query;      // without '?'

    // What belongs into the Host field: brackets for IPv6, the port where it is not the scheme's own.
    std::string authority() const;
    // Host and port, always with the port; for CONNECT.
    std::string host_and_port() const;
};

// Parses an http or https URL. On failure returns false and says in `problem` what was found and what was expected;
// the text never holds the URL's user info.
bool parse_base_url(std::string_view text, BaseUrl& url, std::string& problem);

// Appends the request target: the base path with the client's path behind its "/v1", and both queries.
void append_target(const BaseUrl& base, std::string_view client_path, std::string_view client_query, std::string& out);

// True if the path has a segment ".." or ".", plain or percent-encoded: it could leave the base path.
bool has_dot_segment(std::string_view path);

}  // namespace sluice::openai
