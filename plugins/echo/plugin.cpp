// The smallest complete backend: answers with the last user message, streamed word by word.
#include "sluice/cpp/plugin.hpp"
#include "sluice/cpp/chat_text.hpp"

#include <string>
#include <string_view>

namespace {

// The text up to and including the blanks behind its first word.
std::string_view first_word(std::string_view text) {
    const std::size_t blank = text.find_first_of(" \n\t", text.find_first_not_of(" \n\t"));
    return text.substr(0, text.find_first_not_of(" \n\t", blank));
}

// The echo counts words for tokens.
sluice::Usage word_count(std::string_view text) {
    sluice::Usage usage;
    for (; !text.empty(); text.remove_prefix(first_word(text).size())) {
        ++usage.prompt_tokens;
    }
    usage.completion_tokens = usage.prompt_tokens;
    usage.is_estimated = true;
    return usage;
}

class EchoBackend : public sluice::CompletionBackend {
public:
    static constexpr auto kManifestFlags = SLUICE_MANIFEST_EXAMPLE;

    void complete(const sluice::Request& request, sluice::Completion& completion) override {
        const std::string text = text_of(request);
        completion.write(text);
        completion.set_usage(word_count(text));
    }

    void complete_stream(const sluice::Request& request, sluice::CompletionStream& stream) override {
        const std::string text = text_of(request);
        for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(first_word(rest).size())) {
            if (!stream.write(first_word(rest))) {
                return;
            }
        }
        stream.set_usage(word_count(text));
    }

    void models(sluice::ModelList& list) override { list.add("echo", "sluice"); }

private:
    static std::string text_of(const sluice::Request& request) {
        if (auto text = sluice::last_user_text(request.body())) {
            return *text;
        }
        throw sluice::Error("invalid_request", "messages: expected a message of role \"user\" with text, found none")
            .with_param("messages");
    }
};

}  // namespace

SLUICE_PLUGIN("echo", "0.1.0", EchoBackend)
