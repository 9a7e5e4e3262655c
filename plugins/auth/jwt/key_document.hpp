// Where a key set is kept.
#pragma once

#include <optional>
#include <string>

namespace sluice::auth::jwt {

class KeyDocument {
public:
    virtual ~KeyDocument() = default;

    struct Content {
        std::string text;
        bool is_unchanged = false;  // it stands as at the last read(); `text` is empty
    };
    // Reads the set; may block until abort(). nullopt on failure, `problem` says why. One thread at a time.
    // `needs_fresh`: read it even if nothing shows that it changed.
    virtual std::optional<Content> read(bool needs_fresh, std::string& problem) = 0;
    // Makes a running read() and all later ones fail soon. Every thread may call it.
    virtual void abort() noexcept = 0;
};

}  // namespace sluice::auth::jwt
