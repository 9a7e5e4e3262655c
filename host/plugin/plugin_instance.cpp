#include "plugin/plugin_instance.hpp"

#include "observability/metrics.hpp"
#include "plugin/captured_text.hpp"
#include "plugin/table_checks.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>

namespace sluice::plugin {
namespace {

constexpr std::chrono::seconds kCommandPatience{10};
constexpr std::size_t kMaxCommandBytes = 8 << 20;

std::string status_text(sluice_status status) {
    switch (status) {
        case SLUICE_E_INVALID: return "SLUICE_E_INVALID";
        case SLUICE_E_UNSUPPORTED: return "SLUICE_E_UNSUPPORTED";
        case SLUICE_E_STATE: return "SLUICE_E_STATE";
        case SLUICE_E_INTERNAL: return "SLUICE_E_INTERNAL";
        case SLUICE_E_NO_MEMORY: return "SLUICE_E_NO_MEMORY";
        default: return fmt::format("status {}", status);
    }
}

const ContainmentLimits& default_limits() {
    static const ContainmentLimits limits;
    return limits;
}

std::string plugin_text(const PluginLibrary& library) {
    return library.manifest().name + " " + library.manifest().version;
}

// What create() did is judged by its status and by whether there is an instance.
Result<void> judge_creation(const PluginInstance& instance, sluice_status status, bool has_handle,
                            const std::string& words) {
    if (status >= 0 && has_handle) {
        return {};
    }
    const std::string reason =
        status >= 0 ? "create() succeeded but gave no instance" : "create() failed with " + status_text(status);
    return Unexpected(fmt::format("instance \"{}\" of plugin {}: {}{}{}", instance.name(),
                                  plugin_text(instance.library()), reason, words.empty() ? "" : ": ", words));
}

}  // namespace

PluginInstance::PluginInstance(std::shared_ptr<const PluginLibrary> library, InstanceSettings settings,
                               const InstanceServices& services)
    : library_(std::move(library)),
      settings_(std::move(settings)),
      interfaces_(services.interfaces),
      settle_loops_(services.settle_loops),
      folder_(services.instance_folders.empty() ? services.instance_folders
                                                : services.instance_folders / settings_.name),
      stores_(services.stores),
      metrics_(services.metrics, "sluice_" + library_->manifest().name, settings_.name),
      conduct_(Conduct::make(services.metrics.plugin(library_->manifest().name, settings_.name),
                             services.limits ? *services.limits : default_limits(), library_->loaded_path())) {
    host_table_.struct_size = sizeof host_table_;
    host_table_.flags = services.host_flags;
    host_table_.abi_major = SLUICE_ABI_MAJOR;
    host_table_.abi_minor = SLUICE_ABI_MINOR;
    host_table_.ctx = this;
    host_table_.instance = abi_text(settings_.name);
    host_table_.get_interface = &PluginInstance::get_interface;
}

PluginInstance::~PluginInstance() {
    // Behind destroy(), before the library goes.
    if (settle_loops_) settle_loops_();
}

const void* PluginInstance::get_interface(const sluice_host* host, sluice_str id) noexcept {
    return from(host).interfaces_.find(view_of(id));
}

CommandOutcome PluginInstance::run_command(const std::vector<std::string>& arguments) const {
    const sluice_command_api& command = *library_->command();
    {
        std::unique_lock lock(command_mutex_);
        if (!command_ended_.wait_for(lock, kCommandPatience, [this] { return !is_running_command_; })) {
            return {1, "", fmt::format("the command \"{}\" is running already; try again\n", view_of(command.name))};
        }
        is_running_command_ = true;
    }
    std::vector<sluice_str> words;
    for (const std::string& argument : arguments) {
        words.push_back(abi_text(argument));
    }
    CapturedText output(kMaxCommandBytes);
    CapturedText errors(kMaxCommandBytes);
    const int exit_code = command.run(plugin_handle(), words.data(), words.size(), output.sink(), errors.sink());
    {
        const std::lock_guard lock(command_mutex_);
        is_running_command_ = false;
    }
    command_ended_.notify_one();
    std::string wrong = errors.text();
    if (output.text().size() == kMaxCommandBytes) {
        wrong += fmt::format("the output ends here: it is longer than {} bytes\n", kMaxCommandBytes);
    }
    return {exit_code, output.text(), std::move(wrong)};
}

namespace {

Result<void> run_step(sluice_status (*step)(void*, sluice_text_sink), void* handle, std::string_view name) {
    CapturedText errors;
    const sluice_status status = step(handle, errors.sink());
    if (status >= 0) {
        return {};
    }
    return Unexpected(fmt::format("{}() failed with {}{}{}", name, status_text(status),
                                  errors.text().empty() ? "" : ": ", errors.text()));
}

}  // namespace

Result<void> PluginInstance::quiesce() const {
    const std::lock_guard lifecycle(library_->lifecycle());
    const sluice_quiesce_api* const api = library_->quiesce();
    return api == nullptr ? Result<void>() : run_step(api->quiesce, plugin_handle(), "quiesce");
}

Result<void> PluginInstance::resume() const {
    const std::lock_guard lifecycle(library_->lifecycle());
    const sluice_quiesce_api* const api = library_->quiesce();
    return api == nullptr ? Result<void>() : run_step(api->resume, plugin_handle(), "resume");
}

Result<std::unique_ptr<BackendInstance>> BackendInstance::create(std::shared_ptr<const PluginLibrary> library,
                                                                 InstanceSettings settings,
                                                                 const InstanceServices& services) {
    if (library->backend() == nullptr) {
        return Unexpected(
            fmt::format("instance \"{}\": plugin {} is no backend", settings.name, plugin_text(*library)));
    }
    std::unique_ptr<BackendInstance> instance(new BackendInstance(std::move(library), std::move(settings), services));
    instance->api_ = instance->library().backend();
    CapturedText errors;
    sluice_backend* handle = nullptr;
    const std::lock_guard lifecycle(instance->library().lifecycle());
    const sluice_status status =
        instance->api_->create(instance->host_table(), abi_text(instance->config_json()), errors.sink(), &handle);
    if (auto outcome = judge_creation(*instance, status, handle != nullptr, errors.text()); !outcome) {
        return Unexpected(std::move(outcome).error());
    }
    instance->handle_ = handle;
    return instance;
}

BackendInstance::~BackendInstance() {
    if (handle_ != nullptr) {
        const std::lock_guard lifecycle(library().lifecycle());
        api_->destroy(handle_);
    }
}

bool BackendInstance::serves(std::string_view path) const noexcept {
    for (std::size_t index = 0; index < api_->path_count; ++index) {
        const std::string_view declared = view_of(api_->paths[index]);
        if (declared == path || (declared.ends_with('/') && path.starts_with(declared))) {
            return true;
        }
    }
    return false;
}

Result<std::unique_ptr<MiddlewareInstance>> MiddlewareInstance::create(std::shared_ptr<const PluginLibrary> library,
                                                                       InstanceSettings settings,
                                                                       const InstanceServices& services) {
    if (library->middleware() == nullptr) {
        return Unexpected(
            fmt::format("instance \"{}\": plugin {} is no middleware", settings.name, plugin_text(*library)));
    }
    std::unique_ptr<MiddlewareInstance> instance(
        new MiddlewareInstance(std::move(library), std::move(settings), services));
    instance->api_ = instance->library().middleware();
    CapturedText errors;
    sluice_middleware* handle = nullptr;
    const std::lock_guard lifecycle(instance->library().lifecycle());
    const sluice_status status =
        instance->api_->create(instance->host_table(), abi_text(instance->config_json()), errors.sink(), &handle);
    if (auto outcome = judge_creation(*instance, status, handle != nullptr, errors.text()); !outcome) {
        return Unexpected(std::move(outcome).error());
    }
    instance->handle_ = handle;
    return instance;
}

MiddlewareInstance::~MiddlewareInstance() {
    if (handle_ != nullptr) {
        const std::lock_guard lifecycle(library().lifecycle());
        api_->destroy(handle_);
    }
}

}  // namespace sluice::plugin
