#include "app/plugin_inspect.hpp"

#include <array>
#include <iostream>
#include <span>

#include <fmt/format.h>

#include "app/offered_interfaces.hpp"
#include "plugin/byte_source.hpp"
#include "plugin/elf_inspector.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/sha256.hpp"
#include "plugin/unload_hindrance.hpp"

namespace sluice::app {

namespace {

std::string kinds_text(const plugin::Manifest& manifest) {
    std::string text = manifest.has_backend() ? "backend" : "";
    if (manifest.has_middleware()) text += text.empty() ? "middleware" : ", middleware";
    return text + (manifest.is_example() ? " (example)" : "");
}

std::string sha256_text(const plugin::DescriptorBytes& bytes) {
    plugin::Sha256 sha256;
    std::vector<std::byte> piece(256 << 10);
    for (std::uint64_t offset = 0; offset < bytes.size(); offset += piece.size()) {
        const std::span part(piece.data(), std::min<std::uint64_t>(piece.size(), bytes.size() - offset));
        if (!bytes.read(offset, part)) return "(cannot be read)";
        sha256.update(part);
    }
    return sha256.finish();
}

void show(const plugin::Manifest& manifest, const plugin::DescriptorBytes& bytes) {
    std::cout << fmt::format("name      {}\nversion   {}\nabi       {}\nkinds     {}\n", manifest.name,
                             manifest.version, manifest.abi.text(), kinds_text(manifest));
    for (const std::string& id : manifest.needs) {
        const bool is_offered = offered_interfaces().find(id) != nullptr;
        std::cout << fmt::format("needs     {}{}\n", id, is_offered ? "" : " (not offered by this version)");
    }
    std::cout << fmt::format("size      {} bytes\nsha256    {}\n", bytes.size(), sha256_text(bytes));
    const std::vector<std::string> hindrances = plugin::find_unload_hindrances(bytes);
    if (hindrances.empty()) std::cout << "unloading nothing in the file hinders it\n";
    for (const std::string& hindrance : hindrances) std::cout << "unloading " << hindrance << '\n';
}

}  // namespace

int run_plugin_inspect(const std::vector<std::string>& words) {
    if (words.size() != 1) {
        std::cerr << "sluice plugin inspect: expected one FILE, found " << words.size() << " arguments\n";
        return 2;
    }
    const std::filesystem::path path = std::filesystem::absolute(words[0]);
    // First without what this program offers: also a plugin that it cannot load has something to say.
    const auto manifest = plugin::inspect_plugin_file(path);
    if (!manifest) {
        std::cerr << "sluice: " << manifest.error() << '\n';
        return 1;
    }
    const auto file = plugin::open_plugin_file(path);
    if (!file) {
        std::cerr << "sluice: " << file.error() << '\n';
        return 1;
    }
    show(*manifest, plugin::DescriptorBytes(file->descriptor.get(), file->size_bytes));
    const auto loadable = plugin::inspect_plugin_file(path, {{}, &offered_interfaces()});
    if (loadable) return 0;
    std::cerr << "sluice: " << loadable.error() << '\n';
    return 1;
}

}  // namespace sluice::app
