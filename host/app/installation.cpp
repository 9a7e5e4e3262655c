#include "app/installation.hpp"

#include <unistd.h>

namespace sluice::app {

namespace {

namespace fs = std::filesystem;

fs::path binary_dir() {
    std::error_code error;
    fs::path binary = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(".") : binary.parent_path();
}

/// The first of the candidates that exists, else the last one.
template <class... Paths>
fs::path first_existing(const Paths&... candidates) {
    fs::path chosen;
    std::error_code error;
    ((chosen = candidates, fs::exists(chosen, error)) || ...);
    return chosen;
}

}  // namespace

fs::path default_config_file() {
    fs::path dir = binary_dir();
    return first_existing(dir / "conf/sluice.yaml", dir / "../etc/sluice/sluice.yaml",
                          fs::path("/etc/sluice/sluice.yaml"));
}

fs::path default_plugin_dir() {
    fs::path dir = binary_dir();
    return first_existing(dir / "../plugins", dir / "../lib/sluice/plugins").lexically_normal();
}

fs::path default_template_dir() {
    fs::path dir = binary_dir();
    // The build has a link to the source tree, from which the templates see the rest of the SDK.
    std::error_code error;
    fs::path found = first_existing(dir / "templates", dir / "../share/sluice/templates").lexically_normal();
    fs::path real = fs::canonical(found, error);
    return error ? found : real;
}

fs::path build_sdk_dir() {
    std::error_code error;
    fs::path dir = (binary_dir() / "../sdk").lexically_normal();
    return fs::exists(dir / "SluiceSDKConfig.cmake", error) ? dir : fs::path();
}

fs::path state_dir(const fs::path& configured, const config::Environment& environment) {
    if (!configured.empty()) return configured;
    auto given = [&](const char* name) { return environment.get(name).value_or(""); };
    // systemd gives a list when several are configured; the first is ours.
    if (std::string systemd = given("STATE_DIRECTORY"); !systemd.empty()) return systemd.substr(0, systemd.find(':'));
    if (std::string xdg = given("XDG_STATE_HOME"); !xdg.empty()) return fs::path(xdg) / "sluice";
    if (std::string home = given("HOME"); !home.empty()) return fs::path(home) / ".local/state/sluice";
    return fs::path("/var/lib/sluice");
}

}  // namespace sluice::app
