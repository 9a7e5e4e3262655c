#include "plugin/manifest_note.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::plugin {
namespace {

constexpr std::size_t kNoteHeaderBytes = 12;
constexpr std::string_view kOwner{SLUICE_MANIFEST_OWNER, sizeof(SLUICE_MANIFEST_OWNER)};  // with its NUL
constexpr std::size_t kMaxNeedsBytes = 4096;
constexpr std::size_t kMaxIdBytes = 64;
constexpr std::uint32_t kKnownKinds = SLUICE_KIND_BACKEND | SLUICE_KIND_MIDDLEWARE;
constexpr std::uint32_t kKnownFlags = SLUICE_MANIFEST_EXAMPLE;

std::uint32_t number_at(std::span<const std::byte> bytes, std::size_t offset) {
    std::uint32_t number = 0;
    std::memcpy(&number, bytes.data() + offset, sizeof number);
    return number;
}

// In 64 bits, where the sum of two 32-bit numbers has room.
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

// The text up to the NUL, or nothing if there is none.
std::optional<std::string> terminated_text(std::span<const char> field) {
    const auto end = std::find(field.begin(), field.end(), '\0');
    if (end == field.end()) {
        return std::nullopt;
    }
    return std::string(field.begin(), end);
}

// A hostile name is shown without control characters.
std::string shown(std::string_view text) {
    std::string printable(text);
    std::replace_if(
        printable.begin(), printable.end(), [](char byte) { return byte < 0x20 || byte == 0x7F; }, '?');
    return printable;
}

bool is_plugin_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
    });
}

bool is_semantic_version(std::string_view text) {
    static const RE2 pattern(R"((0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*))"
                             R"((-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)");
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool is_interface_id(std::string_view text) {
    return text.size() <= kMaxIdBytes && std::all_of(text.begin(), text.end(), [](char byte) {
               return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' ||
                      byte == '-' || byte == '/';
           });
}

// Ids with blanks between, and a NUL behind them.
Result<std::vector<std::string>> read_needs(std::span<const std::byte> descriptor) {
    if (descriptor.empty() || descriptor.size() > kMaxNeedsBytes || descriptor.back() != std::byte{0}) {
        return Unexpected(fmt::format("the list of what it needs has {} bytes, expected 1 to {} with a NUL at the end",
                                      descriptor.size(), kMaxNeedsBytes));
    }
    std::string_view rest(reinterpret_cast<const char*>(descriptor.data()), descriptor.size() - 1);
    std::vector<std::string> needs;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view id = rest.substr(0, end);
        if (!is_interface_id(id)) {
            return Unexpected(fmt::format("needs \"{}\", expected ids like sluice.host.loop/1 with blanks between",
                                          shown(id.substr(0, kMaxIdBytes))));
        }
        if (!id.empty()) {
            needs.emplace_back(id);
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return needs;
}

std::string missing_needs(const std::vector<std::string>& needs, const HostInterfaces* offered) {
    std::string missing;
    for (const std::string& id : needs) {
        if (offered != nullptr && offered->find(id) == nullptr) {
            missing += " " + id;
        }
    }
    return missing;
}

Result<void> check_abi(const sluice_manifest& note, const std::vector<std::string>& needs, const HostOffer& host) {
    const AbiVersion built{note.abi_major, note.abi_minor};
    if (built.major != host.abi.major) {
        return Unexpected(fmt::format("built for ABI {}, this host offers {}", built.text(), host.abi.text()));
    }
    // Before the number: the name of what is missing says more.
    if (const std::string missing = missing_needs(needs, host.interfaces); !missing.empty()) {
        return Unexpected(
            fmt::format("built for ABI {}, this host offers {}: needs{}", built.text(), host.abi.text(), missing));
    }
    if (note.min_host_minor > host.abi.minor) {
        return Unexpected(fmt::format("needs a host of ABI {} or later, this host offers {}",
                                      AbiVersion{note.abi_major, note.min_host_minor}.text(), host.abi.text()));
    }
    return {};
}

Result<void> check_bits(const sluice_manifest& note) {
    if (note.kinds == 0 || (note.kinds & ~kKnownKinds) != 0) {
        return Unexpected(
            fmt::format("manifest kinds are {:#x}, expected at least one of backend (1), middleware (2) and "
                        "no other bit",
                        note.kinds));
    }
    if ((note.flags & ~kKnownFlags) != 0) {
        return Unexpected(fmt::format("manifest flags are {:#x}, this host knows {:#x}", note.flags, kKnownFlags));
    }
    return {};
}

Result<void> take(std::span<const std::byte> descriptor, std::optional<std::span<const std::byte>>& into,
                  std::string_view what) {
    if (into) {
        return Unexpected(fmt::format("holds two {}, expected one", what));
    }
    into = descriptor;
    return {};
}

}  // namespace

Result<PluginNotes> find_plugin_notes(std::span<const std::byte> notes, std::size_t alignment) {
    PluginNotes found;
    std::uint64_t offset = 0;
    while (notes.size() - offset >= kNoteHeaderBytes) {
        const std::uint64_t owner_bytes = number_at(notes, offset);
        const std::uint64_t descriptor_bytes = number_at(notes, offset + 4);
        const std::uint32_t type = number_at(notes, offset + 8);
        const std::uint64_t owner_begin = offset + kNoteHeaderBytes;
        const std::uint64_t descriptor_begin = round_up(owner_begin + owner_bytes, alignment);
        const std::uint64_t descriptor_end = descriptor_begin + descriptor_bytes;
        if (descriptor_end > notes.size()) {
            return Unexpected(fmt::format("the note at byte {} ends at byte {} of a segment of {} bytes", offset,
                                          descriptor_end, notes.size()));
        }
        const bool is_ours =
            owner_bytes == kOwner.size() && std::memcmp(notes.data() + owner_begin, kOwner.data(), kOwner.size()) == 0;
        const auto descriptor = notes.subspan(descriptor_begin, descriptor_bytes);
        if (is_ours && type == SLUICE_MANIFEST_TYPE) {
            if (auto outcome = take(descriptor, found.manifest, "manifests"); !outcome) {
                return Unexpected(std::move(outcome).error());
            }
        } else if (is_ours && type == SLUICE_NEEDS_TYPE) {
            if (auto outcome = take(descriptor, found.needs, "lists of what it needs"); !outcome) {
                return Unexpected(std::move(outcome).error());
            }
        }
        offset = std::min<std::uint64_t>(round_up(descriptor_end, alignment), notes.size());
    }
    return found;
}

Result<Manifest> read_manifest(std::span<const std::byte> descriptor,
                               std::optional<std::span<const std::byte>> needs_descriptor, const HostOffer& host) {
    if (descriptor.size() != SLUICE_MANIFEST_DESCRIPTOR_BYTES) {
        return Unexpected(
            fmt::format("the manifest has {} bytes, expected {}", descriptor.size(), SLUICE_MANIFEST_DESCRIPTOR_BYTES));
    }
    sluice_manifest note{};
    std::memcpy(reinterpret_cast<char*>(&note) + offsetof(sluice_manifest, magic), descriptor.data(),
                descriptor.size());
    if (note.magic != SLUICE_MANIFEST_MAGIC) {
        return Unexpected(
            fmt::format("the manifest begins with {:#010x}, expected {:#010x}", note.magic, SLUICE_MANIFEST_MAGIC));
    }
    auto needs = needs_descriptor ? read_needs(*needs_descriptor) : std::vector<std::string>();
    if (!needs) {
        return Unexpected(std::move(needs).error());
    }
    if (auto abi = check_abi(note, *needs, host); !abi) {
        return Unexpected(std::move(abi).error());
    }
    if (auto bits = check_bits(note); !bits) {
        return Unexpected(std::move(bits).error());
    }
    const auto name = terminated_text(note.name);
    if (!name || !is_plugin_name(*name)) {
        return Unexpected(fmt::format("the manifest's name is \"{}\", expected [a-z0-9_-]+ with a NUL behind it",
                                      name ? shown(*name) : "(without end)"));
    }
    const auto version = terminated_text(note.version);
    if (!version || !is_semantic_version(*version)) {
        return Unexpected(fmt::format("the manifest's version is \"{}\", expected one like 1.2.3",
                                      version ? shown(*version) : "(without end)"));
    }
    return Manifest{{note.abi_major, note.abi_minor}, note.min_host_minor, note.kinds, note.flags, *name, *version,
                    std::move(needs).value()};
}

}  // namespace sluice::plugin
