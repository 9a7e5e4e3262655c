// A command line of a plugin: `sluice <name> ARGUMENT...`.
#pragma once

#include "sluice/cpp/instance.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/command.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice {
inline namespace v1 {

// A class of SLUICE_PLUGIN offers a command by declaring
//
//     static constexpr std::string_view kCommandName = "keys";
//     static constexpr std::string_view kCommandSummary = "Create, list and revoke keys";
//     int run_command(const std::vector<std::string_view>& arguments, std::string& output, std::string& errors);
//
// which gives the exit code: 0 = done, 1 = failed, 2 = wrong arguments. It runs on a thread that may wait. What it
// throws becomes a line of `errors` and exit code 1.
template <class Class, class = void>
struct HasCommand : std::false_type {};
template <class Class>
struct HasCommand<Class, std::void_t<decltype(Class::kCommandName)>> : std::true_type {};

// What is behind the entry of a command's table. `Holder` is the Instance of the class.
template <class Holder>
std::int32_t run_command_of(void* instance, const sluice_str* arguments, std::size_t argument_count,
                            sluice_text_sink output, sluice_text_sink errors) noexcept {
    try {
        std::vector<std::string_view> words;
        for (std::size_t index = 0; index < argument_count; ++index) {
            words.push_back(to_view(arguments[index]));
        }
        std::string shown;
        std::string wrong;
        const int exit_code = static_cast<Holder*>(instance)->object.run_command(words, shown, wrong);
        output.put(output.ctx, to_str(shown));
        errors.put(errors.ctx, to_str(wrong));
        return exit_code;
    } catch (const std::exception& exception) {
        errors.put(errors.ctx, to_str(exception.what()));
        errors.put(errors.ctx, to_str("\n"));
    } catch (...) {
        errors.put(errors.ctx, to_str("the command failed unexpectedly\n"));
    }
    return 1;
}

// The table of a class that offers a command; an empty one for others.
template <class Class>
constexpr sluice_command_api command_table() noexcept {
    sluice_command_api table{};
    if constexpr (HasCommand<Class>::value) {
        table.struct_size = sizeof(table);
        table.name = to_str(Class::kCommandName);
        table.summary = to_str(Class::kCommandSummary);
        table.run = &run_command_of<Instance<Class>>;
    }
    return table;
}

}  // namespace v1
}  // namespace sluice
