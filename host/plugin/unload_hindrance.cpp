#include "plugin/unload_hindrance.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace sluice::plugin {

namespace {

constexpr std::size_t kMaxProgramHeaders = 128;
constexpr std::size_t kMaxDynamicEntries = 1024;
constexpr std::uint64_t kMaxSymbols = 1 << 20;
constexpr std::size_t kMaxShownName = 100;

/// Where the dynamic section says that things are; addresses, 0 = nowhere.
struct DynamicTable {
    std::uint64_t symbols = 0;
    std::uint64_t names = 0;
    std::uint64_t names_bytes = 0;
    std::uint64_t gnu_hash = 0;
    std::uint64_t hash = 0;
    std::uint64_t flags = 0;
};

/// The parts of a shared object that the loader sees, read by their addresses.
class LoadedParts {
public:
    explicit LoadedParts(const ByteSource& bytes) : bytes_(bytes) {
        Elf64_Ehdr header{};
        if (!read_at(0, header) || header.e_phentsize != sizeof(Elf64_Phdr)) return;
        segments_.resize(std::min<std::size_t>(header.e_phnum, kMaxProgramHeaders));
        if (!bytes_.read(header.e_phoff, std::as_writable_bytes(std::span(segments_)))) segments_.clear();
    }

    /// Fills `into` from an address; false where the file does not hold all of that.
    bool read(std::uint64_t address, std::span<std::byte> into) const {
        for (const Elf64_Phdr& segment : segments_) {
            if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
            const std::uint64_t inside = address - segment.p_vaddr;
            if (inside > segment.p_filesz || into.size() > segment.p_filesz - inside) continue;
            return segment.p_offset <= bytes_.size() && inside <= bytes_.size() - segment.p_offset &&
                   bytes_.read(segment.p_offset + inside, into);
        }
        return false;
    }
    template <class T>
    bool read(std::uint64_t address, T& into) const {
        return read(address, std::as_writable_bytes(std::span(&into, 1)));
    }

    DynamicTable dynamic_table() const;
    std::vector<Elf64_Sym> symbols(const DynamicTable& table) const;
    std::string name_of(const Elf64_Sym& symbol, const DynamicTable& table) const;

private:
    template <class T>
    bool read_at(std::uint64_t offset, T& into) const {
        return bytes_.read(offset, std::as_writable_bytes(std::span(&into, 1)));
    }
    std::uint64_t symbol_count(const DynamicTable& table) const;
    std::uint64_t gnu_symbol_count(std::uint64_t address) const;

    const ByteSource& bytes_;
    std::vector<Elf64_Phdr> segments_;
};

DynamicTable LoadedParts::dynamic_table() const {
    DynamicTable table;
    const auto dynamic = std::find_if(segments_.begin(), segments_.end(),
                                      [](const Elf64_Phdr& segment) { return segment.p_type == PT_DYNAMIC; });
    if (dynamic == segments_.end()) return table;
    for (std::size_t index = 0; index < kMaxDynamicEntries; ++index) {
        Elf64_Dyn entry{};
        if (!read(dynamic->p_vaddr + index * sizeof entry, entry) || entry.d_tag == DT_NULL) break;
        switch (entry.d_tag) {
            case DT_SYMTAB: table.symbols = entry.d_un.d_ptr; break;
            case DT_STRTAB: table.names = entry.d_un.d_ptr; break;
            case DT_STRSZ: table.names_bytes = entry.d_un.d_val; break;
            case DT_GNU_HASH: table.gnu_hash = entry.d_un.d_ptr; break;
            case DT_HASH: table.hash = entry.d_un.d_ptr; break;
            case DT_FLAGS_1: table.flags = entry.d_un.d_val; break;
            default: break;
        }
    }
    return table;
}

// The number of symbols stands nowhere. The hash table reaches the last one: the end of the chain of the last bucket.
std::uint64_t LoadedParts::gnu_symbol_count(std::uint64_t address) const {
    std::array<std::uint32_t, 4> head{};  // buckets, first hashed symbol, words of the filter, shift
    if (!read(address, head)) return 0;
    const std::uint64_t buckets_at = address + sizeof head + std::uint64_t{head[2]} * sizeof(std::uint64_t);
    if (head[0] > kMaxSymbols) return 0;
    std::vector<std::uint32_t> buckets(head[0]);
    if (!read(buckets_at, std::as_writable_bytes(std::span(buckets)))) return 0;
    std::uint64_t last = buckets.empty() ? 0 : *std::max_element(buckets.begin(), buckets.end());
    if (last < head[1]) return head[1];  // nothing is exported
    const std::uint64_t chains_at = buckets_at + buckets.size() * sizeof(std::uint32_t);
    for (; last < kMaxSymbols; ++last) {
        std::uint32_t chain = 0;
        if (!read(chains_at + (last - head[1]) * sizeof chain, chain)) return 0;
        if ((chain & 1) != 0) return last + 1;
    }
    return 0;
}

std::uint64_t LoadedParts::symbol_count(const DynamicTable& table) const {
    if (table.gnu_hash != 0) return gnu_symbol_count(table.gnu_hash);
    std::array<std::uint32_t, 2> head{};  // buckets, chains: as many as symbols
    return table.hash != 0 && read(table.hash, head) ? head[1] : 0;
}

std::vector<Elf64_Sym> LoadedParts::symbols(const DynamicTable& table) const {
    std::vector<Elf64_Sym> symbols;
    const std::uint64_t count = symbol_count(table);
    // What the file cannot hold is not asked memory for.
    if (count > kMaxSymbols || count * sizeof(Elf64_Sym) > bytes_.size()) return symbols;
    symbols.resize(count);
    if (!read(table.symbols, std::as_writable_bytes(std::span(symbols)))) symbols.clear();
    return symbols;
}

/// Up to a length that no name of interest has; without control characters.
std::string LoadedParts::name_of(const Elf64_Sym& symbol, const DynamicTable& table) const {
    if (symbol.st_name >= table.names_bytes) return "";
    std::string name(std::min<std::uint64_t>(kMaxShownName, table.names_bytes - symbol.st_name), '\0');
    if (!read(table.names + symbol.st_name, std::as_writable_bytes(std::span(name)))) return "";
    name.resize(std::min(name.find('\0'), name.size()));
    std::replace_if(
        name.begin(), name.end(), [](char byte) { return byte < ' ' || byte > '~'; }, '?');
    return name;
}

std::optional<std::string> unique_symbols(const LoadedParts& parts, const DynamicTable& table,
                                          const std::vector<Elf64_Sym>& symbols) {
    const auto is_unique = [](const Elf64_Sym& symbol) {
        return ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE && symbol.st_shndx != SHN_UNDEF;
    };
    const auto count = std::count_if(symbols.begin(), symbols.end(), is_unique);
    if (count == 0) return std::nullopt;
    const std::string name = parts.name_of(*std::find_if(symbols.begin(), symbols.end(), is_unique), table);
    return fmt::format("has {} unique symbol{}, such as {} (compile with -fno-gnu-unique)", count,
                       count == 1 ? "" : "s", name);
}

std::optional<std::string> thread_destructors(const LoadedParts& parts, const DynamicTable& table,
                                              const std::vector<Elf64_Sym>& symbols) {
    for (const Elf64_Sym& symbol : symbols) {
        if (symbol.st_shndx != SHN_UNDEF || symbol.st_name == 0) continue;
        const std::string name = parts.name_of(symbol, table);
        if (name == "__cxa_thread_atexit" || name == "__cxa_thread_atexit_impl") {
            return "imports " + name + ": a thread_local with a destructor keeps it while a thread lives that used it";
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::string> find_unload_hindrances(const ByteSource& bytes) {
    std::vector<std::string> hindrances;
    const LoadedParts parts(bytes);
    const DynamicTable table = parts.dynamic_table();
    if ((table.flags & DF_1_NODELETE) != 0) hindrances.emplace_back("is marked NODELETE (linked with -z nodelete)");
    const std::vector<Elf64_Sym> symbols = parts.symbols(table);
    if (auto unique = unique_symbols(parts, table, symbols)) hindrances.push_back(std::move(*unique));
    if (auto destructors = thread_destructors(parts, table, symbols)) hindrances.push_back(std::move(*destructors));
    return hindrances;
}

std::string hindrance_text(const std::vector<std::string>& hindrances) {
    return fmt::format("{}", fmt::join(hindrances, "; "));
}

}  // namespace sluice::plugin
