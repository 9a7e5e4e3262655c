#include "jwt/key_url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "jwt/jwk_set.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::auth::jwt {
namespace {

constexpr int kMaxRedirects = 3;

struct EasyFreed {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct UrlFreed {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
struct ListFreed {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyFreed>;

// Scheme, host and port; empty if `text` is no such URL.
std::string origin_of(const std::string& text) {
    const std::unique_ptr<CURLU, UrlFreed> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
    std::string origin;
    for (const CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
        char* value = nullptr;
        if (curl_url_get(url.get(), part, &value, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
        origin += std::string(value) + ' ';
        curl_free(value);
    }
    std::transform(origin.begin(), origin.end(), origin.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return origin.starts_with("http ") || origin.starts_with("https ") ? origin : std::string();
}

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* text) {
    auto& body = *static_cast<std::string*>(text);
    if (size * count > JwkSet::kMaxBytes - body.size()) return 0;
    body.append(bytes, size * count);
    return size * count;
}

}  // namespace

struct KeyUrl::Transfer {
    Easy easy{curl_easy_init()};
    std::unique_ptr<curl_slist, ListFreed> headers{curl_slist_append(nullptr, "Accept: application/json")};
    std::string body;
    char error[CURL_ERROR_SIZE] = "";

    Transfer(const std::string& url, CURLM* multi) : multi_(multi) {
        if (!easy || !headers) throw std::bad_alloc();
        CURL* const handle = easy.get();
        curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(handle, CURLOPT_USERAGENT, "sluice-auth");
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error);
        curl_multi_add_handle(multi_, handle);
    }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer() { curl_multi_remove_handle(multi_, easy.get()); }

private:
    CURLM* multi_;
};

KeyUrl::KeyUrl(std::string url, std::chrono::milliseconds timeout) : url_(std::move(url)), timeout_(timeout) {
    // Counted by the library: the last user's end gives back what the first one's start took.
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Error("internal_error", "jwt: libcurl does not start");
    multi_ = origin_of(url_).empty() ? nullptr : curl_multi_init();
    if (multi_ == nullptr) {
        curl_global_cleanup();
        throw Error("internal_error", "jwt.jwks_url: expected an http or https URL, found \"" + url_ + "\"");
    }
}

KeyUrl::~KeyUrl() {
    curl_multi_cleanup(multi_);
    curl_global_cleanup();
}

void KeyUrl::abort() noexcept {
    is_aborted_ = true;
    curl_multi_wakeup(multi_);
}

std::optional<KeyDocument::Content> KeyUrl::read(bool, std::string& problem) {
    const auto deadline = std::chrono::steady_clock::now() + timeout_;
    std::string url = url_;
    for (int hops = 0; hops <= kMaxRedirects; ++hops) {
        Content content;
        std::string location;
        if (!fetch(url, deadline, content, location, problem)) {
            problem = url_ + ": " + problem;
            return std::nullopt;
        }
        if (location.empty()) return content;
        if (origin_of(location) != origin_of(url_)) {
            problem = url_ + ": it redirects to another scheme, host or port";
            return std::nullopt;
        }
        url = location;
    }
    problem = url_ + ": it redirects more than " + std::to_string(kMaxRedirects) + " times";
    return std::nullopt;
}

bool KeyUrl::fetch(const std::string& url, Moment deadline, Content& content, std::string& location,
                   std::string& problem) {
    Transfer transfer(url, multi_);
    if (!perform(transfer, deadline, problem)) return false;
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    const char* redirect = nullptr;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_REDIRECT_URL, &redirect);
    if (redirect != nullptr) {
        location = redirect;
        return true;
    }
    if (status != 200) {
        problem = "expected status 200, found " + std::to_string(status);
        return false;
    }
    content.text = std::move(transfer.body);
    return true;
}

bool KeyUrl::perform(Transfer& transfer, Moment deadline, std::string& problem) {
    int running = 1;
    while (!is_aborted_) {
        if (curl_multi_perform(multi_, &running) != CURLM_OK || running == 0) break;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            problem = "no answer within " + std::to_string(timeout_.count()) + " ms";
            return false;
        }
        curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)), nullptr);
    }
    int left = 0;
    const CURLMsg* message = running == 0 ? curl_multi_info_read(multi_, &left) : nullptr;
    if (message != nullptr && message->data.result == CURLE_OK) return true;
    problem = is_aborted_ ? "the fetch was given up" : transfer.error;
    if (problem.empty()) problem = message != nullptr ? curl_easy_strerror(message->data.result) : "the fetch failed";
    return false;
}

}  // namespace sluice::auth::jwt
