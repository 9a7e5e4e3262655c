#include "addresses.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <cstring>

namespace sluice::openai {

AddressList literal_address(const std::string& host, std::uint16_t port) {
    Address address;
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.size = sizeof(sockaddr_in);
        return {address};
    }
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.size = sizeof(sockaddr_in6);
        return {address};
    }
    return {};
}

AddressList look_up_addresses(const std::string& host, std::uint16_t port, std::string& problem) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int result = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (result != 0) {
        problem = gai_strerror(result);
        return {};
    }
    AddressList addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_addrlen > sizeof(sockaddr_storage)) continue;
        Address& address = addresses.emplace_back();
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.size = entry->ai_addrlen;
    }
    freeaddrinfo(found);
    if (addresses.empty()) problem = "it has no addresses";
    return with_families_in_turn(addresses);
}

AddressList with_families_in_turn(const AddressList& addresses) {
    if (addresses.empty()) return {};
    AddressList first;
    AddressList others;
    for (const Address& address : addresses) {
        (address.family() == addresses.front().family() ? first : others).push_back(address);
    }
    AddressList ordered;
    for (std::size_t i = 0; i < first.size() || i < others.size(); ++i) {
        if (i < first.size()) ordered.push_back(first[i]);
        if (i < others.size()) ordered.push_back(others[i]);
    }
    return ordered;
}

}  // namespace sluice::openai
