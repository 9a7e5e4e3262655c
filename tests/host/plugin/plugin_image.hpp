#pragma once

#include "sluice/manifest.h"

#include <elf.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

/// The bytes of a good plugin, to be made worse.
class PluginImage {
public:
    explicit PluginImage(const std::filesystem::path& file) {
        std::ifstream stream(file, std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(stream)), {});
        bytes_.resize(text.size());
        std::memcpy(bytes_.data(), text.data(), text.size());
        if (bytes_.size() < sizeof(Elf64_Ehdr)) {
            throw std::runtime_error("no plugin at " + file.string());
        }
    }

    std::vector<std::byte>& bytes() { return bytes_; }
    Elf64_Ehdr& header() { return *reinterpret_cast<Elf64_Ehdr*>(bytes_.data()); }

    /// The `number`th segment of a type.
    Elf64_Phdr& segment(std::uint32_t type, std::size_t number = 0) {
        auto* const headers = reinterpret_cast<Elf64_Phdr*>(bytes_.data() + header().e_phoff);
        for (std::size_t index = 0; index < header().e_phnum; ++index) {
            if (headers[index].p_type == type && number-- == 0) {
                return headers[index];
            }
        }
        throw std::runtime_error("no such segment");
    }

    sluice_manifest& manifest() {
        for (std::size_t offset = 0; offset + sizeof(sluice_manifest) <= bytes_.size(); offset += 4) {
            auto& note = *reinterpret_cast<sluice_manifest*>(bytes_.data() + offset);
            if (note.owner_bytes == sizeof SLUICE_MANIFEST_OWNER && note.magic == SLUICE_MANIFEST_MAGIC &&
                std::memcmp(note.owner, SLUICE_MANIFEST_OWNER, sizeof SLUICE_MANIFEST_OWNER) == 0) {
                return note;
            }
        }
        throw std::runtime_error("no manifest");
    }

private:
    std::vector<std::byte> bytes_;
};

/// A plugin of the build, made from fixture_plugin.c.
inline std::filesystem::path fixture(const std::string& name) {
    return std::filesystem::path(SLUICE_FIXTURE_FOLDER) / (name + ".so");
}
