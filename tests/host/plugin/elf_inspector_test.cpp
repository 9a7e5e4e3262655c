#include "plugin/elf_inspector.hpp"

#include "plugin_image.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <random>
#include <string>

using namespace sluice::plugin;

namespace {

// Spoils a good plugin, writes it to disk, and gives the reason why it is refused.
std::string refusal(const std::function<void(PluginImage&)>& spoil, AbiVersion host = {}) {
    const TemporaryFolder folder;
    PluginImage image(fixture("fixture"));
    spoil(image);
    const auto path = folder.write("plugin.so", image.bytes());
    const auto manifest = inspect_plugin_file(path, host);
    if (manifest) {
        return "taken";
    }
    const std::string prefix = path.string() + ": ";
    REQUIRE(manifest.error().starts_with(prefix));
    return manifest.error().substr(prefix.size());
}

std::string size_of_fixture() { return std::to_string(PluginImage(fixture("fixture")).bytes().size()); }

template <std::size_t kSize>
void set_text(char (&field)[kSize], const std::string& text) {
    std::memset(field, 0, kSize);
    std::memcpy(field, text.data(), std::min(text.size(), kSize));
}

}  // namespace

TEST_CASE("a good plugin's manifest is read without loading it", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto manifest = inspect_plugin_file(folder.take(fixture("fixture")));
    REQUIRE(manifest.has_value());
    CHECK(manifest->name == "fixture");
    CHECK(manifest->version == "1.2.3");
    CHECK(manifest->abi == AbiVersion{});
    CHECK(manifest->min_host_minor == 0);
    CHECK(manifest->has_backend());
    CHECK(manifest->has_middleware());
    CHECK(manifest->is_example());
}

TEST_CASE("a file that is no ELF file is refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.bytes().clear(); }) == "has 0 bytes, expected an ELF file of at least 64");
    CHECK(refusal([](PluginImage& it) { it.bytes().resize(63); }) ==
          "has 63 bytes, expected an ELF file of at least 64");
    CHECK(refusal([](PluginImage& it) { it.header().e_ident[0] = '#'; }) == "is no ELF file, expected a shared object");
}

TEST_CASE("an ELF file for another kind of machine or system is refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) {
              it.header().e_ident[EI_CLASS] = ELFCLASS32;
          }).starts_with("is ELF of class 1, byte order 1, version 1; expected class 2"));
    CHECK(refusal([](PluginImage& it) {
              it.header().e_ident[EI_DATA] = ELFDATA2MSB;
          }).starts_with("is ELF of class 2, byte order 2"));
    CHECK(refusal([](PluginImage& it) { it.header().e_ident[EI_OSABI] = ELFOSABI_FREEBSD; }) ==
          "is ELF for system 9, expected 0 (System V) or 3 (GNU)");
    CHECK(refusal([](PluginImage& it) {
              it.header().e_machine = EM_RISCV;
          }).starts_with("is built for riscv, this host"));
}

TEST_CASE("an ELF file that is no shared object is refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.header().e_type = ET_EXEC; }) ==
          "is an executable (ELF type 2), expected a shared object (type 3)");
    CHECK(refusal([](PluginImage& it) { it.header().e_type = ET_REL; }) ==
          "is an object file (ELF type 1), expected a shared object (type 3)");
    CHECK(refusal([](PluginImage& it) { it.segment(PT_NOTE).p_type = PT_INTERP; }) ==
          "is a program (it names an interpreter), expected a shared object");
    CHECK(refusal([](PluginImage& it) { it.segment(PT_DYNAMIC).p_type = PT_NULL; }) ==
          "has no PT_DYNAMIC segment: it is no shared object, or a static one");
}

TEST_CASE("program headers of a wrong size, number or place are refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.header().e_phentsize = 32; })
              .find("program headers of 32 bytes, expected 1 to "
                    "128 of 56") != std::string::npos);
    CHECK(refusal([](PluginImage& it) { it.header().e_phnum = 0; }).starts_with("has 0 program headers"));
    CHECK(refusal([](PluginImage& it) { it.header().e_phnum = 0xFFFF; }).starts_with("has 65535 program headers"));
    CHECK(refusal([](PluginImage& it) {
              it.header().e_phoff = it.bytes().size() - 55;
              it.header().e_phnum = 1;
          }) == "program headers end at byte " + std::to_string(std::stoul(size_of_fixture()) + 1) + " of a file of " +
                    size_of_fixture() + ": truncated");
    CHECK(refusal([](PluginImage& it) { it.header().e_phoff = UINT64_MAX - 8; }) ==
          "program headers end at byte 2^64 or above of a file of " + size_of_fixture() + ": truncated");
}

TEST_CASE("a segment that is not wholly in the file is refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) {
              auto& load = it.segment(PT_LOAD, 1);
              load.p_filesz = it.bytes().size() - load.p_offset + 1;
              load.p_memsz = load.p_filesz;
          }) == "PT_LOAD 1 ends at byte " + std::to_string(std::stoul(size_of_fixture()) + 1) + " of a file of " +
                    size_of_fixture() + ": truncated");
    CHECK(refusal([](PluginImage& it) {
              it.segment(PT_LOAD, 0).p_filesz = UINT64_MAX;
          }).starts_with("PT_LOAD 0 ends at byte 18446744073709551615 of a file of "));
    CHECK(refusal([](PluginImage& it) {
              it.segment(PT_LOAD, 1).p_offset = 4096;
              it.segment(PT_LOAD, 1).p_filesz = UINT64_MAX - 100;
          }).starts_with("PT_LOAD 1 ends at byte 2^64 or above of a file of "));
}

TEST_CASE("segments that the loader would stumble over are refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) {
              it.segment(PT_LOAD, 0).p_memsz = it.segment(PT_LOAD, 0).p_filesz - 1;
          }).find("bytes in the file but") != std::string::npos);
    CHECK(refusal([](PluginImage& it) { it.segment(PT_LOAD, 1).p_align = 0; }) ==
          "PT_LOAD 1 is aligned to 0 bytes, expected a power of two from 4096 on");
    CHECK(refusal([](PluginImage& it) { it.segment(PT_LOAD, 1).p_align = 4097; }) ==
          "PT_LOAD 1 is aligned to 4097 bytes, expected a power of two from 4096 on");
    CHECK(refusal([](PluginImage& it) { it.segment(PT_LOAD, 1).p_vaddr += 1; }).find("differ by no multiple of 4096") !=
          std::string::npos);
    CHECK(refusal([](PluginImage& it) {
              it.segment(PT_LOAD, 1).p_vaddr = it.segment(PT_LOAD, 1).p_offset & 0xFFF;
          }).starts_with("PT_LOAD 1 covers the addresses"));
    CHECK(refusal([](PluginImage& it) {
              it.segment(PT_LOAD, 3).p_memsz = UINT64_MAX;
          }).starts_with("PT_LOAD 3 covers the addresses"));
    CHECK(refusal([](PluginImage& it) {
              for (auto number : {0, 1, 2, 3}) {
                  static_cast<void>(number);
                  it.segment(PT_LOAD).p_type = PT_NULL;
              }
          }) == "has no PT_LOAD segment, expected at least one");
}

TEST_CASE("a dynamic section that is not where it says is refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) {
              it.segment(PT_DYNAMIC).p_vaddr = 0x7000000000;
          }).starts_with("PT_DYNAMIC covers the addresses 0x7000000000 to "));
    CHECK(refusal([](PluginImage& it) { it.segment(PT_DYNAMIC).p_vaddr = UINT64_MAX - 7; }).find("2^64 or above") !=
          std::string::npos);
    CHECK(refusal([](PluginImage& it) { it.segment(PT_DYNAMIC).p_filesz = 0; }).find("which no PT_LOAD holds") !=
          std::string::npos);
    CHECK(refusal([](PluginImage& it) { it.segment(PT_NOTE).p_type = PT_DYNAMIC; }) ==
          "has two PT_DYNAMIC segments, expected one");
}

TEST_CASE("memory that is writable and executable is refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.segment(PT_LOAD, 1).p_flags = PF_R | PF_W | PF_X; }) ==
          "PT_LOAD 1 is writable and executable, expected at most one of them");
    CHECK(refusal([](PluginImage& it) { it.segment(PT_GNU_STACK).p_flags |= PF_X; }) ==
          "asks for an executable stack, expected one that is not");
    CHECK(refusal([](PluginImage& it) { it.segment(PT_GNU_STACK).p_type = PT_NULL; }) ==
          "has no PT_GNU_STACK segment and so asks for an executable stack");
}

TEST_CASE("a shared object without a manifest is refused", "[plugin][unit]") {
    const std::string reason = "has no manifest (an ELF note of owner \"sluice\"): it is no plugin of this gateway";
    CHECK(refusal([](PluginImage& it) { it.manifest().owner[0] = 'S'; }) == reason);
    CHECK(refusal([](PluginImage& it) { it.manifest().note_type = 2; }) == reason);
    const TemporaryFolder folder;
    const auto path = folder.take(fixture("without_manifest"));
    CHECK(inspect_plugin_file(path).error() == path.string() + ": " + reason);
}

TEST_CASE("notes that reach out of their segment are refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.manifest().descriptor_bytes = UINT32_MAX; }).find(" of a segment of ") !=
          std::string::npos);
    CHECK(refusal([](PluginImage& it) { it.manifest().owner_bytes = UINT32_MAX; }).find(" of a segment of ") !=
          std::string::npos);
    CHECK(refusal([](PluginImage& it) {
              it.segment(PT_NOTE).p_offset = UINT64_MAX;
          }).find("ends at byte 2^64 or above of a file of ") != std::string::npos);
    CHECK(refusal([](PluginImage& it) { it.segment(PT_NOTE).p_filesz = 1 << 30; })
              .find("expected at most 1048576 bytes "
                    "inside it") != std::string::npos);
}

TEST_CASE("two manifests in one file are refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.segment(PT_GNU_EH_FRAME) = it.segment(PT_NOTE); }).find("two manifests") !=
          std::string::npos);
}

TEST_CASE("a manifest of another size or magic is refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.manifest().descriptor_bytes -= 4; }) ==
          "the manifest has 68 bytes, expected 72");
    CHECK(refusal([](PluginImage& it) { it.manifest().magic = 0; }) ==
          "the manifest begins with 0x00000000, expected 0x43494c53");
}

TEST_CASE("a plugin for another major version of the ABI is refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.manifest().abi_major = 2; }) == "built for ABI 2.0, this host offers 1.0");
    CHECK(refusal([](PluginImage& it) { it.manifest().abi_major = 0; }, {1, 7}) ==
          "built for ABI 0.0, this host offers 1.7");
}

TEST_CASE("a plugin that needs a newer host is refused, a newer plugin is not", "[plugin][unit]") {
    const auto newer = [](PluginImage& it) {
        it.manifest().abi_minor = 9;
        it.manifest().min_host_minor = 3;
    };
    CHECK(refusal(newer, {1, 2}) == "needs a host of ABI 1.3 or later, this host offers 1.2");
    CHECK(refusal(newer, {1, 3}) == "taken");
}

TEST_CASE("kinds and flags that this host does not know are refused", "[plugin][unit]") {
    CHECK(refusal([](PluginImage& it) { it.manifest().kinds = 0; }).starts_with("manifest kinds are 0x0, expected"));
    CHECK(refusal([](PluginImage& it) { it.manifest().kinds = 5; }).starts_with("manifest kinds are 0x5, expected"));
    CHECK(refusal([](PluginImage& it) { it.manifest().flags = 0x80000000; }) ==
          "manifest flags are 0x80000000, this host knows 0x1");
}

TEST_CASE("a name outside [a-z0-9_-] is refused", "[plugin][unit]") {
    for (const std::string name : {"", "Echo", "e/../x", "e\nx", "e.so", "\xC3\xA4"}) {
        CHECK(refusal([&](PluginImage& it) {
                  set_text(it.manifest().name, name);
              }).starts_with("the manifest's name is \""));
    }
    CHECK(refusal([](PluginImage& it) { set_text(it.manifest().name, std::string(32, 'a')); }) ==
          "the manifest's name is \"(without end)\", expected [a-z0-9_-]+ with a NUL behind it");
    CHECK(refusal([](PluginImage& it) { set_text(it.manifest().name, "e\nx"); }).find('\n') == std::string::npos);
    CHECK(refusal([](PluginImage& it) { set_text(it.manifest().name, std::string(31, 'a')); }) == "taken");
}

TEST_CASE("a version that is not semantic is refused", "[plugin][unit]") {
    for (const std::string version : {"", "1", "1.2", "01.2.3", "1.2.3-", "1.2.3 ", "v1.2.3", "1.2.3.4"}) {
        CHECK(refusal([&](PluginImage& it) { set_text(it.manifest().version, version); }) ==
              "the manifest's version is \"" + version + "\", expected one like 1.2.3");
    }
    for (const std::string version : {"0.0.0", "1.2.3-rc.1", "10.20.30+x"}) {
        CHECK(refusal([&](PluginImage& it) { set_text(it.manifest().version, version); }) == "taken");
    }
}

TEST_CASE("a plugin cut anywhere is refused", "[plugin][unit]") {
    PluginImage image(fixture("fixture"));
    const std::span<const std::byte> whole(image.bytes());
    REQUIRE(inspect_elf(MemoryBytes(whole)).has_value());
    std::size_t taken = 0;
    for (std::size_t size = 0; size < whole.size(); size += 512) {
        taken += inspect_elf(MemoryBytes(whole.first(size))).has_value() ? 1 : 0;
    }
    taken += inspect_elf(MemoryBytes(whole.first(whole.size() - 1))).has_value() ? 1 : 0;
    CHECK(taken == 0);
}

TEST_CASE("flipped bytes are read or refused, never followed out of the file", "[plugin][unit]") {
    PluginImage image(fixture("fixture"));
    const std::vector<std::byte> good = image.bytes();
    const std::size_t headers_end = sizeof(Elf64_Ehdr) + image.header().e_phnum * sizeof(Elf64_Phdr);
    const std::size_t note = reinterpret_cast<std::byte*>(&image.manifest()) - image.bytes().data();
    std::minstd_rand random(20260131);
    std::size_t refused = 0;
    for (int round = 0; round < 20000; ++round) {
        std::vector<std::byte> bytes = good;
        for (std::size_t flips = random() % 4 + 1; flips > 0; --flips) {
            const std::size_t at =
                random() % 2 == 0 ? random() % headers_end : note + random() % sizeof(sluice_manifest);
            bytes[at] ^= static_cast<std::byte>(random() % 255 + 1);
        }
        refused += inspect_elf(MemoryBytes(bytes)).has_value() ? 0 : 1;
    }
    CHECK(refused > 10000);
}
