// What the program keeps of its sessions.
#pragma once

#include <string>
#include <string_view>

namespace sluice::claude_code {

// The files of the sessions that were run in one folder.
class SessionFiles {
public:
    // `home`: the program's HOME. `working_directory`: where it is started; absolute; links in it are resolved, as the
    // program does.
    SessionFiles(std::string_view home, std::string_view working_directory);

    // Removes the file of an ended session, if there is one; what is no session's id is left alone. One unlink(), which
    // does not wait for the disk; where the path of the working directory is longer than 200 characters, the folders of
    // the program are looked through for the file. From every thread.
    void remove(std::string_view id) const noexcept;

    // Where the files are. Of the folder of a long path this is the beginning: the program ends its name with a hash.
    std::string folder() const { return projects_ + '/' + name_; }

private:
    void remove_from_cut(const std::string& file) const;

    std::string projects_;
    std::string name_;
    bool is_cut_;
};

}  // namespace sluice::claude_code
