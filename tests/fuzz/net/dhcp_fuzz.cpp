// DHCP from a hostile server: messages as raw bytes or as edits of a good one, with time passing between them.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lib/netcore/dhcp_client.hpp"
#include "tests/unit/netcore/dhcp_server_script.hpp"

namespace {

using namespace capos::netcore;
using namespace capos::netcore::testing_support;

constexpr MacAddress kMac{2, 0, 0, 0, 0, 1};

void require(bool condition) {
    if (!condition)
        __builtin_trap();
}

struct Host final : DhcpClient::Host {
    std::uint32_t transaction = 0;
    bool has_address = false;
    void send_dhcp(std::span<const std::byte> message, Ipv4) override {
        transaction = parse_request(message).transaction;
    }
    std::uint16_t lease_gained(const DhcpReply& lease) override {
        require(may_be_host(lease.address) && lease.lease_seconds != 0 && lease.prefix <= 32 && lease.route_count <= DhcpReply::kMaxRoutes);
        const RouteTable routes = routes_of(lease);
        (void)routes.next_hop(0xa9fea9fe);
        (void)routes.default_gateway();
        has_address = true;
        return lease.mtu;
    }
    void lease_lost() override {
        require(has_address);
        has_address = false;
    }
    void say(std::string_view line) override { require(line.size() <= 160 && !line.empty()); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::size_t at = 0;
    const auto byte = [&]() -> std::uint8_t { return at < size ? data[at++] : std::uint8_t{0}; };
    (void)parse_dhcp_reply(std::as_bytes(std::span(data, size)));
    Random random({{1, 2}, {3, 4}});
    Host host;
    DhcpClient client(host, random);
    std::uint64_t now = 1'000'000'000;
    client.start(kMac, now);
    while (at < size) {
        const std::uint8_t operation = byte();
        if (operation < 64) {
            now = std::max(now, client.deadline_ns() == DhcpClient::kNever ? now : client.deadline_ns());
            client.tick(now);
        } else if (operation < 80) {
            MacAddress mac = kMac;
            mac[5] = static_cast<std::uint8_t>(operation % 3);
            client.start(mac, now);
        } else {
            DhcpMessage message = operation % 2 ? gce_reply(static_cast<DhcpType>(byte() % 9), host.transaction, kMac)
                                                : home_reply(static_cast<DhcpType>(byte() % 9), host.transaction, kMac);
            const std::size_t options = byte() % 6;
            for (std::size_t i = 0; i < options; ++i) {
                const std::uint8_t code = byte();
                std::vector<std::uint8_t> value(byte() % 40);
                for (auto& letter : value)
                    letter = byte();
                message.option(code, value);
            }
            if (operation % 5 == 0) {   // overloaded fields
                message.option(52, {3});
                for (std::size_t i = 0; i < 16; ++i) {
                    message.raw()[44 + i] = byte();
                    message.raw()[108 + i] = byte();
                }
            }
            for (std::size_t edits = operation % 7 == 0 ? byte() % 4 : 0u; edits > 0; --edits)
                message.raw()[byte() * 2u % message.raw().size()] = byte();
            client.receive(message.bytes(operation % 11 != 0), 0xffffffff, now);
            now += std::uint64_t{byte()} * 10'000'000;
        }
        require(client.state() == DhcpClient::State::Stopped || client.deadline_ns() >= now ||
                client.deadline_ns() + 400'000'000'000'000 > now);
        require(client.has_lease() == host.has_address);
    }
    return 0;
}
