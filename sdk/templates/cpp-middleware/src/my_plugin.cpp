// my-plugin: lets only requests pass that name their team, and counts what each answer has.
#include "sluice/cpp/chat_text.hpp"
#include "sluice/cpp/plugin.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace {

// What is kept from hook to hook of one exchange.
struct Seen {
    std::size_t bytes = 0;
};

class MyPlugin : public sluice::MiddlewareWith<Seen> {
public:
    // What may stand under `config:` in the gateway's configuration. It is checked before the constructor runs, and
    // defaults are filled in.
    static constexpr std::string_view kConfigSchema = R"({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "header": {"type": "string", "minLength": 1, "default": "X-Team"}
        }
    })";

    MyPlugin(sluice::Host host, std::string_view config_json)
        : bytes_(host.metrics().counter("answer_bytes_total", "Bytes of answers.")) {
        sluice::visit_json_object(config_json, [this](std::string_view key, std::string_view value) {
            if (key == "header") {
                header_ = sluice::json_string(value).value_or("");
            }
        });
    }

    // Hooks run on the event loops, several at once, and never block.
    sluice::Verdict on_head(sluice::Exchange& exchange, Seen&) override {
        const auto team = exchange.request().header(header_);
        if (!team) {
            return exchange.refuse(
                sluice::Error("invalid_header_value", header_ + ": expected the name of a team, found no such header"));
        }
        exchange.set_attribute("team", *team);
        return sluice::Verdict::kContinue;
    }

    void on_response(sluice::Exchange& exchange, Seen&) override {
        exchange.set_response_header("X-Served-Team", exchange.attribute("team"));
    }

    sluice::ChunkVerdict on_chunk(sluice::Exchange&, Seen& seen, std::string_view, std::string_view data,
                                  std::string&) override {
        seen.bytes += data.size();
        return sluice::ChunkVerdict::kPass;
    }

    void on_complete(Seen& seen, const sluice::Summary&) override { bytes_.add(static_cast<double>(seen.bytes)); }

private:
    std::string header_;
    sluice::Counter bytes_;
};

}  // namespace

SLUICE_PLUGIN("my-plugin", "0.1.0", MyPlugin)
