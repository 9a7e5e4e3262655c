// Socket addresses of an upstream.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::openai {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
    int family() const noexcept { return storage.ss_family; }
};

using AddressList = std::vector<Address>;

// The one address a literal stands for; an empty list if `host` is a name.
AddressList literal_address(const std::string& host, std::uint16_t port);

// Asks the system's resolver; may block for long. On failure the list is empty and `problem` says why.
AddressList look_up_addresses(const std::string& host, std::uint16_t port, std::string& problem);

// Families in turn, beginning with that of the first address (RFC 8305, 4): a dead family costs one step, not all.
AddressList with_families_in_turn(const AddressList& addresses);

}  // namespace sluice::openai
