#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "result.hpp"

namespace sluice::app {

/// A plugin's name in the spellings its sources need.
class PluginName {
public:
    /// A manifest's name that begins with a letter and is no word of CMake's, else what is wrong with it.
    static Result<PluginName> parse(std::string_view text);

    const std::string& text() const noexcept { return text_; }
    /// `text` with `my-plugin` replaced by the name as it is, `my_plugin` by it as an identifier of C and `MyPlugin` by
    /// it as a class.
    std::string put_into(std::string text) const;

private:
    explicit PluginName(std::string_view text);

    std::string text_;
    std::string identifier_;
    std::string class_name_;
};

/// Copies the folder `source` to `target`, with the name put into file names and contents. `target` must not exist; it
/// is gone again if anything fails. Gives the number of files. [main-thread]
Result<int> copy_template(const std::filesystem::path& source, const PluginName& name,
                          const std::filesystem::path& target);

}  // namespace sluice::app
