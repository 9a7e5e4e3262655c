// my-plugin: answers chat requests with a greeting and what the user said last.
#include "sluice/cpp/chat_text.hpp"
#include "sluice/cpp/plugin.hpp"

#include <string>
#include <string_view>

namespace {

class MyPlugin : public sluice::CompletionBackend {
public:
    // What may stand under `config:` in the gateway's configuration. It is checked before the constructor runs, and
    // defaults are filled in.
    static constexpr std::string_view kConfigSchema = R"({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "greeting": {"type": "string", "minLength": 1, "default": "Hello!"}
        }
    })";

    explicit MyPlugin(sluice::Host, std::string_view config_json) {
        sluice::visit_json_object(config_json, [this](std::string_view key, std::string_view value) {
            if (key == "greeting") {
                greeting_ = sluice::json_string(value).value_or("");
            }
        });
    }

    // Runs on a worker of the gateway, several at once, and may block.
    void complete(const sluice::Request& request, sluice::Completion& completion) override {
        completion.write(greeting_ + " You said: " + user_text(request));
    }

    // The same in pieces. write() gives false once the client has left.
    void complete_stream(const sluice::Request& request, sluice::CompletionStream& stream) override {
        const std::string text = user_text(request);
        if (stream.write(greeting_)) {
            stream.write(" You said: " + text);
        }
    }

    void models(sluice::ModelList& list) override { list.add("my-plugin", "my-plugin"); }

private:
    // What is thrown as a sluice::Error is the client's error, with the status that belongs to the code.
    static std::string user_text(const sluice::Request& request) {
        if (auto text = sluice::last_user_text(request.body())) {
            return *text;
        }
        throw sluice::Error("invalid_request", "messages: expected a message of role \"user\" with text, found none")
            .with_param("messages");
    }

    std::string greeting_;
};

}  // namespace

SLUICE_PLUGIN("my-plugin", "0.1.0", MyPlugin)
