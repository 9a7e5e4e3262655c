#include "jwt/jwt_config.hpp"

#include <simdjson.h>

#include <cstdint>

#include "sluice/cpp/error.hpp"

namespace sluice::auth::jwt {
namespace {

namespace dom = simdjson::dom;

[[noreturn]] void refuse_config(const std::string& problem) { throw Error("internal_error", "jwt" + problem); }

std::string text_in(dom::object root, std::string_view name) {
    std::string_view text;
    return root[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::int64_t number_in(dom::object root, std::string_view name, std::int64_t fallback, std::int64_t least,
                       std::int64_t most) {
    dom::element element;
    if (root[name].get(element) != simdjson::SUCCESS) return fallback;
    std::int64_t value = 0;
    if (element.get(value) != simdjson::SUCCESS || value < least || value > most) {
        refuse_config("." + std::string(name) + ": expected a whole number from " + std::to_string(least) + " to " +
                      std::to_string(most));
    }
    return value;
}

std::vector<std::string> texts_in(dom::object root, std::string_view name) {
    dom::element element;
    if (root[name].get(element) != simdjson::SUCCESS) return {};
    std::string_view text;
    if (element.get(text) == simdjson::SUCCESS) return {std::string(text)};
    dom::array list;
    std::vector<std::string> texts;
    if (element.get(list) != simdjson::SUCCESS) refuse_config("." + std::string(name) + ": expected text or a list");
    for (const dom::element one : list) {
        if (one.get(text) != simdjson::SUCCESS) refuse_config("." + std::string(name) + ": expected a list of text");
        texts.emplace_back(text);
    }
    return texts;
}

}  // namespace

JwtConfig parse_jwt_config(std::string_view json) {
    dom::parser parser;
    dom::object root;
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) refuse_config(": expected an object");
    JwtConfig config;
    config.jwks_file = text_in(root, "jwks_file");
    config.jwks_url = text_in(root, "jwks_url");
    if (config.jwks_file.empty() == config.jwks_url.empty()) refuse_config(": expected one of jwks_file and jwks_url");
    config.rules.issuer = text_in(root, "issuer");
    if (config.rules.issuer.empty()) refuse_config(".issuer: expected the text of the claim iss, found none");
    config.rules.audiences = texts_in(root, "audience");
    if (config.rules.audiences.empty()) refuse_config(".audience: expected text or a list of text, found none");
    auto names = texts_in(root, "algorithms");
    if (names.empty()) names = {"RS256", "ES256"};
    for (const std::string& name : names) {
        config.algorithms.push_back(find_algorithm(name));
        if (config.algorithms.back() == nullptr) {
            const bool is_slow = name == "ES384" || name == "ES512";
            refuse_config(".algorithms: found \"" + name + "\"" +
                          (is_slow ? ", whose verification takes too long for an event loop" : "") +
                          ", expected RS256, RS384, RS512, PS256, PS384, PS512, ES256, HS256, HS384 or HS512");
        }
    }
    config.rules.leeway = std::chrono::seconds(number_in(root, "leeway_s", 30, 0, 3'600));
    config.refresh = std::chrono::milliseconds(number_in(root, "refresh_ms", 300'000, 1'000, 86'400'000));
    config.fetch_timeout = std::chrono::milliseconds(number_in(root, "fetch_timeout_ms", 3'000, 1, 60'000));
    if (const std::string id_claim = text_in(root, "id_claim"); !id_claim.empty()) config.rules.id_claim = id_claim;
    return config;
}

}  // namespace sluice::auth::jwt
