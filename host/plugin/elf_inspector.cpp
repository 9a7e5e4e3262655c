#include "plugin/elf_inspector.hpp"

#include "plugin/manifest_note.hpp"
#include "plugin/plugin_file.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace sluice::plugin {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "plugins are not supported on this machine"
#endif

constexpr std::size_t kMaxProgramHeaders = 128;
constexpr std::uint64_t kMaxNoteBytes = 1 << 20;
constexpr std::uint64_t kMinPageBytes = 4096;

std::string machine_name(std::uint16_t machine) {
    switch (machine) {
        case EM_X86_64: return "x86-64";
        case EM_AARCH64: return "aarch64";
        case EM_386: return "i386";
        case EM_ARM: return "arm";
        case EM_RISCV: return "riscv";
        default: return fmt::format("machine {}", machine);
    }
}

std::string_view type_name(std::uint16_t type) {
    switch (type) {
        case ET_REL: return "an object file";
        case ET_EXEC: return "an executable";
        case ET_CORE: return "a core dump";
        default: return "something unknown";
    }
}

// `begin` + `length`, or nothing where that is above 64 bits.
std::optional<std::uint64_t> end_of(std::uint64_t begin, std::uint64_t length) {
    if (length > std::numeric_limits<std::uint64_t>::max() - begin) {
        return std::nullopt;
    }
    return begin + length;
}

// A hostile number may make the end unsayable.
std::string shown(std::optional<std::uint64_t> end) { return end ? std::to_string(*end) : "2^64 or above"; }

class ElfInspection {
public:
    ElfInspection(const ByteSource& bytes, const HostOffer& host) : bytes_(bytes), host_(host) {}

    Result<Manifest> run() {
        for (const auto check :
             {&ElfInspection::check_identity, &ElfInspection::check_header, &ElfInspection::read_program_headers,
              &ElfInspection::check_segments, &ElfInspection::check_dynamic_section, &ElfInspection::check_sections}) {
            if (auto outcome = (this->*check)(); !outcome) {
                return Unexpected(std::move(outcome).error());
            }
        }
        return manifest();
    }

private:
    template <class T>
    bool read(std::uint64_t offset, T& into) const {
        return bytes_.read(offset, std::as_writable_bytes(std::span(&into, 1)));
    }
    bool is_inside_file(std::uint64_t begin, std::uint64_t length) const {
        const auto end = end_of(begin, length);
        return end && *end <= bytes_.size();
    }

    Result<void> check_identity();
    Result<void> check_header();
    Result<void> read_program_headers();
    Result<void> check_segments();
    Result<void> check_load(std::size_t number, const Elf64_Phdr& load, std::uint64_t previous_end) const;
    Result<void> check_dynamic_section();
    Result<void> check_sections();
    Result<std::vector<std::byte>> notes_of(std::size_t number) const;
    static Result<void> keep(const std::optional<std::span<const std::byte>>& descriptor,
                             std::optional<std::vector<std::byte>>& into, std::string_view what);
    Result<Manifest> manifest() const;

    const ByteSource& bytes_;
    HostOffer host_;
    Elf64_Ehdr header_{};
    std::vector<Elf64_Phdr> segments_;
};

Result<void> ElfInspection::check_identity() {
    if (bytes_.size() < sizeof header_) {
        return Unexpected(
            fmt::format("has {} bytes, expected an ELF file of at least {}", bytes_.size(), sizeof header_));
    }
    if (!read(0, header_)) {
        return Unexpected<std::string>("cannot be read");
    }
    const unsigned char* ident = header_.e_ident;
    if (std::memcmp(ident, ELFMAG, SELFMAG) != 0) {
        return Unexpected<std::string>("is no ELF file, expected a shared object");
    }
    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB || ident[EI_VERSION] != EV_CURRENT) {
        return Unexpected(
            fmt::format("is ELF of class {}, byte order {}, version {}; expected class 2 (64 bit), byte order "
                        "1 (little endian), version 1",
                        ident[EI_CLASS], ident[EI_DATA], ident[EI_VERSION]));
    }
    if (ident[EI_OSABI] != ELFOSABI_NONE && ident[EI_OSABI] != ELFOSABI_GNU) {
        return Unexpected(fmt::format("is ELF for system {}, expected 0 (System V) or 3 (GNU)", ident[EI_OSABI]));
    }
    return {};
}

Result<void> ElfInspection::check_header() {
    if (header_.e_machine != kMachine) {
        return Unexpected(fmt::format("is built for {}, this host runs on {}", machine_name(header_.e_machine),
                                      machine_name(kMachine)));
    }
    if (header_.e_type != ET_DYN) {
        return Unexpected(fmt::format("is {} (ELF type {}), expected a shared object (type {})",
                                      type_name(header_.e_type), header_.e_type, ET_DYN));
    }
    if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == 0 || header_.e_phnum > kMaxProgramHeaders) {
        return Unexpected(fmt::format("has {} program headers of {} bytes, expected 1 to {} of {}", header_.e_phnum,
                                      header_.e_phentsize, kMaxProgramHeaders, sizeof(Elf64_Phdr)));
    }
    return {};
}

Result<void> ElfInspection::read_program_headers() {
    const std::uint64_t length = header_.e_phnum * sizeof(Elf64_Phdr);
    if (!is_inside_file(header_.e_phoff, length)) {
        return Unexpected(fmt::format("program headers end at byte {} of a file of {}: truncated",
                                      shown(end_of(header_.e_phoff, length)), bytes_.size()));
    }
    segments_.resize(header_.e_phnum);
    if (!bytes_.read(header_.e_phoff, std::as_writable_bytes(std::span(segments_)))) {
        return Unexpected<std::string>("program headers cannot be read");
    }
    return {};
}

// glibc maps from the first to the last PT_LOAD and lays the others over it: what it takes for granted is checked here.
Result<void> ElfInspection::check_load(std::size_t number, const Elf64_Phdr& load, std::uint64_t previous_end) const {
    if (!is_inside_file(load.p_offset, load.p_filesz)) {
        return Unexpected(fmt::format("PT_LOAD {} ends at byte {} of a file of {}: truncated", number,
                                      shown(end_of(load.p_offset, load.p_filesz)), bytes_.size()));
    }
    if (load.p_filesz > load.p_memsz) {
        return Unexpected(
            fmt::format("PT_LOAD {} has {} bytes in the file but {} in memory", number, load.p_filesz, load.p_memsz));
    }
    if ((load.p_flags & PF_W) != 0 && (load.p_flags & PF_X) != 0) {
        return Unexpected(fmt::format("PT_LOAD {} is writable and executable, expected at most one of them", number));
    }
    if (!std::has_single_bit(load.p_align) || load.p_align < kMinPageBytes) {
        return Unexpected(fmt::format("PT_LOAD {} is aligned to {} bytes, expected a power of two from {} on", number,
                                      load.p_align, kMinPageBytes));
    }
    if ((load.p_vaddr - load.p_offset) % load.p_align != 0) {
        return Unexpected(
            fmt::format("PT_LOAD {} has address {:#x} and offset {:#x}, which differ by no multiple of {}", number,
                        load.p_vaddr, load.p_offset, load.p_align));
    }
    const auto end = end_of(load.p_vaddr, load.p_memsz);
    if (load.p_vaddr < previous_end || !end || *end > std::uint64_t{1} << 46) {
        return Unexpected(
            fmt::format("PT_LOAD {} covers the addresses {:#x} to {}, expected them above {:#x} and below 2^46", number,
                        load.p_vaddr, shown(end), previous_end));
    }
    return {};
}

Result<void> ElfInspection::check_segments() {
    std::size_t loads = 0;
    std::uint64_t previous_end = 0;
    bool has_stack_flags = false;
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type == PT_LOAD) {
            if (auto outcome = check_load(loads, segment, previous_end); !outcome) {
                return outcome;
            }
            previous_end = segment.p_vaddr + segment.p_memsz;
            ++loads;
        }
        if (segment.p_type == PT_GNU_STACK) {
            has_stack_flags = true;
            if ((segment.p_flags & PF_X) != 0) {
                return Unexpected<std::string>("asks for an executable stack, expected one that is not");
            }
        }
        if (segment.p_type == PT_INTERP) {
            return Unexpected<std::string>("is a program (it names an interpreter), expected a shared object");
        }
    }
    if (loads == 0) {
        return Unexpected<std::string>("has no PT_LOAD segment, expected at least one");
    }
    // Without the segment the loader makes every stack of the process executable.
    if (!has_stack_flags) {
        return Unexpected<std::string>("has no PT_GNU_STACK segment and so asks for an executable stack");
    }
    return {};
}

Result<void> ElfInspection::check_dynamic_section() {
    const Elf64_Phdr* dynamic = nullptr;
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type == PT_DYNAMIC && dynamic != nullptr) {
            return Unexpected<std::string>("has two PT_DYNAMIC segments, expected one");
        }
        if (segment.p_type == PT_DYNAMIC) {
            dynamic = &segment;
        }
    }
    if (dynamic == nullptr) {
        return Unexpected<std::string>("has no PT_DYNAMIC segment: it is no shared object, or a static one");
    }
    // The loader reads it where it is mapped, by its address.
    const auto end = end_of(dynamic->p_vaddr, dynamic->p_filesz);
    for (const Elf64_Phdr& load : segments_) {
        if (end && load.p_type == PT_LOAD && dynamic->p_filesz >= sizeof(Elf64_Dyn) &&
            dynamic->p_vaddr >= load.p_vaddr && *end <= load.p_vaddr + load.p_filesz &&
            dynamic->p_vaddr % alignof(Elf64_Dyn) == 0) {
            return {};
        }
    }
    return Unexpected(fmt::format("PT_DYNAMIC covers the addresses {:#x} to {}, which no PT_LOAD holds",
                                  dynamic->p_vaddr, shown(end)));
}

// The loader does not need them, but they stand at the end of the file: a short file shows here first.
Result<void> ElfInspection::check_sections() {
    if (header_.e_shoff == 0) {
        return {};
    }
    const std::uint64_t length = std::uint64_t{header_.e_shnum} * header_.e_shentsize;
    if (!is_inside_file(header_.e_shoff, length)) {
        return Unexpected(fmt::format("section headers end at byte {} of a file of {}: truncated",
                                      shown(end_of(header_.e_shoff, length)), bytes_.size()));
    }
    return {};
}

// The notes of one segment.
Result<std::vector<std::byte>> ElfInspection::notes_of(std::size_t number) const {
    const Elf64_Phdr& segment = segments_[number];
    if (!is_inside_file(segment.p_offset, segment.p_filesz) || segment.p_filesz > kMaxNoteBytes) {
        return Unexpected(
            fmt::format("PT_NOTE in program header {} ends at byte {} of a file of {}, expected at most {} "
                        "bytes inside it",
                        number, shown(end_of(segment.p_offset, segment.p_filesz)), bytes_.size(), kMaxNoteBytes));
    }
    std::vector<std::byte> notes(segment.p_filesz);
    if (!bytes_.read(segment.p_offset, notes)) {
        return Unexpected<std::string>("notes cannot be read");
    }
    return notes;
}

// Keeps a descriptor beyond the segment it stands in.
Result<void> ElfInspection::keep(const std::optional<std::span<const std::byte>>& descriptor,
                                 std::optional<std::vector<std::byte>>& into, std::string_view what) {
    if (descriptor && into) {
        return Unexpected(fmt::format("holds two {}, expected one", what));
    }
    if (descriptor) {
        into.emplace(descriptor->begin(), descriptor->end());
    }
    return {};
}

Result<Manifest> ElfInspection::manifest() const {
    std::optional<std::vector<std::byte>> manifest;
    std::optional<std::vector<std::byte>> needs;
    for (std::size_t number = 0; number < segments_.size(); ++number) {
        if (segments_[number].p_type != PT_NOTE) {
            continue;
        }
        const auto notes = notes_of(number);
        if (!notes) {
            return Unexpected(notes.error());
        }
        const auto found = find_plugin_notes(notes.value(), segments_[number].p_align == 8 ? 8 : 4);
        if (!found) {
            return Unexpected(found.error());
        }
        for (auto outcome :
             {keep(found->manifest, manifest, "manifests"), keep(found->needs, needs, "lists of what it needs")}) {
            if (!outcome) {
                return Unexpected(std::move(outcome).error());
            }
        }
    }
    if (!manifest) {
        return Unexpected<std::string>("has no manifest (an ELF note of owner \"" SLUICE_MANIFEST_OWNER
                                       "\"): it is no plugin of this gateway");
    }
    return read_manifest(*manifest, needs ? std::optional(std::span<const std::byte>(*needs)) : std::nullopt, host_);
}

}  // namespace

Result<Manifest> inspect_elf(const ByteSource& bytes, const HostOffer& host) {
    return ElfInspection(bytes, host).run();
}

Result<Manifest> inspect_plugin_file(const std::filesystem::path& path, const HostOffer& host) {
    const auto file = open_plugin_file(path);
    if (!file) {
        return Unexpected(file.error());
    }
    auto manifest = inspect_elf(DescriptorBytes(file.value().descriptor.get(), file.value().size_bytes), host);
    if (!manifest) {
        return Unexpected(fmt::format("{}: {}", path.string(), manifest.error()));
    }
    return manifest;
}

}  // namespace sluice::plugin
