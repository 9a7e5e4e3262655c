#include "commands/keys_command.hpp"

#include <algorithm>
#include <exception>

#include "commands/key_options.hpp"
#include "commands/key_text.hpp"
#include "sluice/cpp/error.hpp"
#include "sluice/cpp/json_text.hpp"

namespace sluice::auth {
namespace {

constexpr std::string_view kUsage = R"(Usage: sluice keys ACTION [OPTION]...

  create --name NAME       a new key, which is shown this once
    --owner OWNER            whose it is: keys of one owner share limits and sessions (default: nobody else's)
    --expires WHEN           30d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z (default: never)
    --model PATTERN          a model it may ask for, with * for any characters; may be given again (default: all)
    --route PATTERN          a path it may ask for (/v1/chat/*); may be given again (default: all)
    --requests N[/MS]        requests in a window (default: of 60000 ms)
    --concurrent N           requests at a time
    --tokens N[/MS]          tokens in a window (default: of 60000 ms)
    --budget AMOUNT          kept with the key
    --label NAME=VALUE       kept with the key; may be given again
    --metadata JSON          an object, kept with the key
  list                     all keys
  show ID                  one key
  rotate ID                a new key with the owner and the settings of an old one
    --overlap TIME           how long the old one still works (default: 24h)
  revoke ID                a key works no more

Every action takes --json and --help.
)";

constexpr std::chrono::hours kDefaultOverlap{24};

std::string quoted_word(std::string_view word) {
    std::string text;
    append_json_string(text, word);
    return text;
}

std::string read_id(const CommandLine& line) {
    if (line.names.size() != 1) {
        throw UsageError("expected one ID, found " + std::to_string(line.names.size()));
    }
    if (!is_key_id(line.names[0])) {
        throw UsageError("expected an ID (key_ and 16 hexadecimal digits, see: sluice keys list), found " +
                         quoted_word(line.names[0]));
    }
    return std::string(line.names[0]);
}

CommandLine read_with_json(const std::vector<std::string_view>& words) {
    return read_command_line(words, {{"--json", false}});
}

}  // namespace

int KeysCommand::run(const Words& arguments, std::string& output, std::string& errors) {
    const auto end_of_options = std::find(arguments.begin(), arguments.end(), "--");
    if (std::find(arguments.begin(), end_of_options, "--help") != end_of_options) {
        output += kUsage;
        return 0;
    }
    try {
        if (arguments.empty()) throw UsageError("expected an action (create, list, show, rotate, revoke), found none");
        dispatch(arguments[0], Words(arguments.begin() + 1, arguments.end()), output);
        return 0;
    } catch (const UsageError& error) {
        errors += "sluice keys: " + std::string(error.what()) + "\nsluice keys --help shows what there is.\n";
        return 2;
    } catch (const Error& error) {
        errors += "sluice keys: " + std::string(error.what()) + "\n";
        return 1;
    }
}

void KeysCommand::dispatch(std::string_view action, const Words& words, std::string& output) {
    if (action == "rotate") return rotate(words, output);
    if (action == "create") {
        output += create(words);
    } else if (action == "list") {
        output += list(words);
    } else if (action == "show") {
        output += show(words);
    } else if (action == "revoke") {
        output += revoke(words);
    } else {
        throw UsageError("expected an action (create, list, show, rotate, revoke), found " + quoted_word(action));
    }
}

// The new key first, and shown before anything else: if the rest fails, the old one goes on working.
void KeysCommand::rotate(const Words& words, std::string& output) {
    const CommandLine line = read_command_line(words, {{"--overlap"}, {"--json", false}});
    const std::string id = read_id(line);
    const auto overlap = line.has("--overlap") ? read_duration("--overlap", line.value("--overlap"))
                                               : std::chrono::milliseconds(kDefaultOverlap);
    KeyRecord settings = registry().find(id).record;
    check_not_rotated(settings);
    const auto now = clock_.unix_time();
    const bool has_expiry = settings.expires.count() != 0;
    if (settings.revoked.count() != 0 || (has_expiry && settings.expires <= now)) {
        throw Error("internal_error", id + " works no more, so that it cannot be rotated: create a new key");
    }
    // It lives as long as the old one was to live.
    if (has_expiry) settings.expires = now + (settings.expires - settings.created);
    const KeyRegister::Made made = registry().create(std::move(settings));
    changed_.push_back(made.stored);
    output += made_text(made, line.has("--json"));
    const KeyRegister::Stored old = end_old(id, made.stored.record.id, overlap);
    changed_.push_back(old);
    note("rotated " + id + " (" + old.record.masked + ") to " + made.stored.record.id + " (" +
         made.stored.record.masked + ") of " + old.record.owner);
}

KeyRegister::Stored KeysCommand::end_old(std::string_view id, const std::string& successor,
                                         std::chrono::milliseconds overlap) const {
    try {
        return registry().replace(id, successor, overlap);
    } catch (const Error& error) {
        note("made " + successor + " to rotate " + std::string(id) + ", which could not be ended");
        throw Error("internal_error", "the new key " + successor + " works, but " + std::string(id) +
                                          " could not be ended: " + error.what() +
                                          ". Revoke the one that is not wanted (sluice keys revoke ID)");
    }
}

std::string KeysCommand::create(const Words& words) {
    const CommandLine line = read_command_line(words, key_option_rules());
    const KeyRegister::Made made = registry().create(read_key_options(line, clock_.unix_time()));
    changed_.push_back(made.stored);
    const KeyRecord& record = made.stored.record;
    note("created " + record.id + " (" + record.masked + ", \"" + record.name + "\") of " + record.owner);
    return made_text(made, line.has("--json"));
}

std::string KeysCommand::list(const Words& words) {
    const CommandLine line = read_with_json(words);
    if (!line.names.empty()) throw UsageError("list: expected no further words, found " + quoted_word(line.names[0]));
    const auto records = registry().list();
    return line.has("--json") ? list_json(records) : list_text(records, clock_.unix_time());
}

std::string KeysCommand::show(const Words& words) {
    const CommandLine line = read_with_json(words);
    const KeyRecord record = registry().find(read_id(line)).record;
    return line.has("--json") ? record_json(record) : record_text(record, clock_.unix_time());
}

std::string KeysCommand::revoke(const Words& words) {
    const CommandLine line = read_with_json(words);
    const KeyRegister::Stored stored = registry().revoke(read_id(line));
    changed_.push_back(stored);
    note("revoked " + stored.record.id + " (" + stored.record.masked + ") of " + stored.record.owner);
    return line.has("--json") ? record_json(stored.record) : "Revoked " + stored.record.id + ".\n";
}

std::string KeysCommand::made_text(const KeyRegister::Made& made, bool is_json) const {
    const KeyRecord& record = made.stored.record;
    if (is_json) return record_json(record, made.key);
    return made.key + "\n\nThis is the key: it is shown this once and kept nowhere.\n\n" +
           record_text(record, clock_.unix_time());
}

KeyRegister& KeysCommand::registry() const {
    if (registry_ == nullptr) {
        throw Error("internal_error",
                    "managed: found false, expected true: this gateway has no keys of its own making");
    }
    return *registry_;
}

}  // namespace sluice::auth
