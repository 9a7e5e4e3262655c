# Writes the bytes of PROGRAM into the C++ source IMAGE: cmake -DPROGRAM=<file> -DIMAGE=<file> -P embed.cmake
file(READ "${PROGRAM}" bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE "${IMAGE}" "#include \"process/launcher_image.hpp\"

namespace sluice::claude_code {
namespace {

constexpr unsigned char kBytes[] = {
${bytes}
};

}  // namespace

std::span<const unsigned char> launcher_image() noexcept { return kBytes; }

}  // namespace sluice::claude_code
")
