// Making and ending instances of an author's class.
#pragma once

#include "sluice/cpp/error.hpp"
#include "sluice/cpp/host.hpp"
#include "sluice/cpp/text.hpp"

#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace sluice {
inline namespace v1 {

// True where `Class` overrides the member of its base that `kBaseMember` names: the pointer to a member that is only
// inherited has the base's type.
template <auto kMember, auto kBaseMember>
inline constexpr bool kIsOverridden = !std::is_same_v<decltype(kMember), decltype(kBaseMember)>;

// Calls the constructor the author has written: (Host, std::string_view config_json), (Host) or ().
template <class Class>
Class make_author_object(Host host, std::string_view config_json) {
    if constexpr (std::is_constructible_v<Class, Host, std::string_view>) {
        return Class(host, config_json);
    } else if constexpr (std::is_constructible_v<Class, Host>) {
        return Class(host);
    } else {
        static_assert(std::is_default_constructible_v<Class>,
                      "a plugin's class needs a public constructor (sluice::Host, std::string_view config_json), "
                      "(sluice::Host) or ()");
        return Class();
    }
}

// One instance: the author's object with the host it works for.
template <class Class>
struct Instance {
    Instance(const sluice_host* raw_host, std::string_view config_json)
        : host(raw_host), object(make_author_object<Class>(host, config_json)) {}

    Host host;
    Class object;
};

// The create() of every table. `Holder` is an Instance or has its constructor.
template <class Holder, class Handle>
sluice_status create_instance(const sluice_host* host, sluice_str config_json, sluice_text_sink errors,
                              Handle** out) noexcept {
    try {
        *out = reinterpret_cast<Handle*>(new Holder(host, to_view(config_json)));
        return SLUICE_OK;
    } catch (const std::bad_alloc&) {
        errors.put(errors.ctx, to_str("out of memory"));
        return SLUICE_E_NO_MEMORY;
    } catch (const std::exception& exception) {
        const bool is_refusal = dynamic_cast<const Error*>(&exception) != nullptr ||
                                dynamic_cast<const std::logic_error*>(&exception) != nullptr;
        errors.put(errors.ctx, to_str(exception.what()));
        return is_refusal ? SLUICE_E_INVALID : SLUICE_E_INTERNAL;
    } catch (...) {
        errors.put(errors.ctx, to_str("the constructor threw an exception that is not a std::exception"));
        return SLUICE_E_INTERNAL;
    }
}

// The destroy() of every table.
template <class Holder, class Handle>
void destroy_instance(Handle* handle) noexcept {
    delete reinterpret_cast<Holder*>(handle);
}

}  // namespace v1
}  // namespace sluice
