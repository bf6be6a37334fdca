// Network addresses as text. IPv4 addresses are numbers in host order (10.0.2.15 = 0x0a00020f).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/text.hpp"

namespace capos::text {

// Dotted decimal, at most 15 characters.
struct Ipv4 { std::uint32_t address; };
TextWriter& operator<<(TextWriter& out, Ipv4 address);

// "10.128.0.0/20", at most 18 characters.
struct Ipv4Network { std::uint32_t address; std::uint8_t prefix; };
TextWriter& operator<<(TextWriter& out, Ipv4Network network);

// Bytes in hexadecimal with colons between them: a MAC address.
struct Mac { std::span<const std::byte> bytes; };
TextWriter& operator<<(TextWriter& out, Mac mac);

// The address that `text` is: exactly four decimal numbers 0..255 without leading zeros, dots between them.
std::optional<std::uint32_t> parse_ipv4(std::string_view text);

}  // namespace capos::text
