// A DHCP server's messages, option by option, for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <vector>

#include "lib/netcore/dhcp_message.hpp"

namespace capos::netcore::testing_support {

constexpr Ipv4 ip(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

class DhcpMessage {
public:
    DhcpMessage(DhcpType type, std::uint32_t transaction, const MacAddress& mac, Ipv4 address) : bytes_(240) {
        bytes_[0] = 2;
        bytes_[1] = 1;
        bytes_[2] = 6;
        put32(4, transaction);
        put32(16, address);
        std::memcpy(&bytes_[28], mac.data(), 6);
        put32(236, 0x63825363);
        option(53, {static_cast<std::uint8_t>(type)});
    }
    DhcpMessage& option(std::uint8_t code, std::span<const std::uint8_t> value) {
        bytes_.push_back(code);
        bytes_.push_back(static_cast<std::uint8_t>(value.size()));
        bytes_.insert(bytes_.end(), value.begin(), value.end());
        return *this;
    }
    DhcpMessage& option(std::uint8_t code, std::initializer_list<std::uint8_t> value) {
        return option(code, std::span(value.begin(), value.size()));
    }
    DhcpMessage& option32(std::uint8_t code, std::uint32_t value) {
        return option(code, {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                             static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
    }
    void put32(std::size_t at, std::uint32_t value) {
        for (int i = 0; i < 4; ++i)
            bytes_[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    }
    std::vector<std::uint8_t>& raw() { return bytes_; }
    std::vector<std::byte> bytes(bool end = true) const {
        std::vector<std::uint8_t> all = bytes_;
        if (end)
            all.push_back(255);
        std::vector<std::byte> out(all.size());
        std::memcpy(out.data(), all.data(), all.size());
        return out;
    }

private:
    std::vector<std::uint8_t> bytes_;
};

// What GCE's server says (facts from public logs): a /32, a router outside of it, option 121, MTU 1460, a day.
inline DhcpMessage gce_reply(DhcpType type, std::uint32_t transaction, const MacAddress& mac) {
    DhcpMessage message(type, transaction, mac, ip(10, 128, 0, 9));
    message.option32(54, ip(169, 254, 169, 254)).option32(1, 0xffffffff).option32(3, ip(10, 128, 0, 1));
    message.option(121, {32, 10, 128, 0, 1, 0, 0, 0, 0, 0, 10, 128, 0, 1});
    message.option32(6, ip(169, 254, 169, 254)).option(26, {0x05, 0xb4}).option32(51, 86400);
    return message;
}

// A server of a household network.
inline DhcpMessage home_reply(DhcpType type, std::uint32_t transaction, const MacAddress& mac,
                              Ipv4 address = ip(10, 0, 2, 15), Ipv4 server = ip(10, 0, 2, 2)) {
    DhcpMessage message(type, transaction, mac, address);
    message.option32(54, server).option32(1, 0xffffff00).option32(3, server).option32(6, ip(10, 0, 2, 3));
    message.option32(51, 3600);
    return message;
}

// What a client sent, as far as tests look at it.
struct ParsedRequest {
    DhcpType type{};
    std::uint32_t transaction = 0;
    std::uint16_t seconds = 0;
    bool broadcast = false;
    Ipv4 client = 0;
    Ipv4 requested = 0;
    Ipv4 server = 0;
    MacAddress mac{};
    std::vector<std::uint8_t> wanted;
};

inline ParsedRequest parse_request(std::span<const std::byte> message) {
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(message[at]); };
    const auto word = [&](std::size_t at) {
        return static_cast<std::uint32_t>(byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3));
    };
    ParsedRequest request;
    request.transaction = word(4);
    request.seconds = static_cast<std::uint16_t>(byte(8) << 8 | byte(9));
    request.broadcast = (byte(10) & 0x80) != 0;
    request.client = word(12);
    std::memcpy(request.mac.data(), &message[28], 6);
    for (std::size_t at = 240; at < message.size() && byte(at) != 255;) {
        if (byte(at) == 0) {
            ++at;
            continue;
        }
        const std::uint8_t code = byte(at), length = byte(at + 1);
        if (code == 53)
            request.type = static_cast<DhcpType>(byte(at + 2));
        if (code == 50)
            request.requested = word(at + 2);
        if (code == 54)
            request.server = word(at + 2);
        if (code == 55)
            for (std::size_t i = 0; i < length; ++i)
                request.wanted.push_back(byte(at + 2 + i));
        at += 2u + length;
    }
    return request;
}

}  // namespace capos::netcore::testing_support
