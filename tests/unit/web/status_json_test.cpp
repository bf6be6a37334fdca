#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "services/web/status_json.hpp"

namespace capos::web {
namespace {

using schema::NetworkManager;
using schema::ServiceList;
using schema::SystemInfo;

// A message of type R as a source would send it, and what becomes of it.
template <class R>
class Answer {
public:
    Answer() : builder_(std::as_writable_bytes(std::span(words_))), root_(builder_.init_root<R>()) {}
    typename R::Builder& results() { return root_; }

    typename R::Reader read() {
        auto message = wire::MessageReader::open(*builder_.finish());
        return *message->template root<R>();
    }
    template <class Write>
    std::string json(Write&& write) {
        std::vector<char> storage(8192);
        json::Writer writer(storage);
        write(writer, read());
        auto text = writer.finish();
        return text ? std::string(*text) : std::string(error_name(text.error()));
    }

private:
    std::array<std::uint64_t, 512> words_{};
    wire::MessageBuilder builder_;
    typename R::Builder root_;
};

TEST(StatusJsonTest, AnUnavailableSectionSaysWhy) {
    std::array<char, 128> storage;
    json::Writer writer(storage);
    write_unavailable(writer, "Disconnected");
    EXPECT_EQ(*writer.finish(), R"({"available":false,"error":"Disconnected"})");
}

TEST(StatusJsonTest, InterfacesHaveTheirNames) {
    EXPECT_EQ(interface_name(schema::TcpSocket::kInterfaceId), "TcpSocket");
    EXPECT_EQ(interface_name(1), "");
}

TEST(StatusJsonTest, TheOverviewIsSortedIntoGroups) {
    Answer<SystemInfo::OverviewResults> answer;
    answer.results().set_version("v1");
    answer.results().set_image_id("abcd");
    answer.results().set_uptime_ns(12'345'678);
    answer.results().set_memory_total(1 << 20);
    answer.results().set_ledger_drift(-2);
    answer.results().set_doorbells(7);
    const std::string json = answer.json(write_system);
    EXPECT_TRUE(json.starts_with(R"({"available":true,"version":"v1","image":"abcd")")) << json;
    EXPECT_TRUE(json.contains(R"("uptime_ms":12,)"));
    EXPECT_TRUE(json.contains(R"("memory":{"total_bytes":1048576,)"));
    EXPECT_TRUE(json.contains(R"("ledger_drift_pages":-2)"));
    EXPECT_TRUE(json.contains(R"("doorbells":7)"));
}

TEST(StatusJsonTest, MitigationsAreListed) {
    Answer<SystemInfo::OverviewResults> answer;
    auto list = answer.results().init_mitigations(1);
    list[0].set_name("SMEP");
    list[0].set_active(true);
    EXPECT_EQ(answer.json(write_mitigations), R"([{"name":"SMEP","active":true,"note":""}])");
}

TEST(StatusJsonTest, AProcessOpensAnObjectForItsCapabilities) {
    Answer<SystemInfo::ProcessesResults> answer;
    auto list = answer.results().init_processes(2);
    list[0].set_pid(6);                  // started anew
    list[0].set_name("init");
    list[0].set_pages_used(100);
    list[0].set_pages_limit(1000);
    list[1].set_pid(2);
    list[1].set_name("web");
    list[1].set_state(SystemInfo::ProcessInfo::State::waiting);
    list[1].set_pages_limit(60);
    list[1].set_object_bytes_limit(5);
    const std::string json = answer.json([](json::Writer& out, const SystemInfo::ProcessesResults::Reader& processes) {
        begin_process(out, processes.processes()[0], passed_on(processes, "init"));
        out.end_object();
    });
    EXPECT_TRUE(json.contains(R"("pages":{"used":100,"own":40,"limit":1000})")) << json;
    EXPECT_TRUE(json.contains(R"("object_bytes":{"used":0,"own":0,"limit":0})")) << json;
    const auto processes = answer.read();
    EXPECT_EQ(passed_on(processes, "web").pages, 0u);
}

TEST(StatusJsonTest, CapabilitiesAreNamedByInterface) {
    Answer<SystemInfo::CapabilitiesResults> answer;
    auto list = answer.results().init_capabilities(2);
    list[0].set_interface_id(schema::Log::kInterfaceId);
    list[0].set_label("log");
    list[0].set_handle(0x1234500000001);
    list[1].set_interface_id(0xabc);
    EXPECT_EQ(answer.json(write_capabilities),
              R"([{"interface":"Log","label":"log"},{"interface":"0000000000000abc","label":""}])");
}

TEST(StatusJsonTest, DevicesHaveHexadecimalIdentities) {
    Answer<SystemInfo::DevicesResults> answer;
    auto list = answer.results().init_devices(1);
    list[0].set_bdf("00:03.0");
    list[0].set_vendor(0x1af4);
    list[0].set_device(0x41);
    list[0].set_class_code(0x020000);
    const std::string json = answer.json(write_devices);
    EXPECT_TRUE(json.contains(R"("bdf":"00:03.0","vendor":"1af4","device":"0041","class":"020000")")) << json;
}

TEST(StatusJsonTest, BootStepsAreInMicroseconds) {
    Answer<SystemInfo::BootStepsResults> answer;
    auto list = answer.results().init_steps(1);
    list[0].set_name("entry");
    list[0].set_at_ns(1'500'000);
    EXPECT_EQ(answer.json(write_boot), R"({"available":true,"steps":[{"name":"entry","at_us":1500}]})");
}

TEST(StatusJsonTest, ServicesShowTheirGrants) {
    Answer<ServiceList::ListResults> answer;
    auto list = answer.results().init_services(1);
    list[0].set_name("web");
    list[0].set_state(ServiceList::State::given_up);
    auto grants = list[0].init_grants(1);
    grants[0].set_name("log");
    grants[0].set_interface_id(schema::Log::kInterfaceId);
    grants[0].set_source("kernel Log");
    const std::string json = answer.json(write_services);
    EXPECT_TRUE(json.contains(R"("state":"given up")")) << json;
    EXPECT_TRUE(json.contains(R"("grants":[{"name":"log","interface":"Log","source":"kernel Log"}])")) << json;
}

TEST(StatusJsonTest, AStateThatANewerPeerSendsIsUnknown) {
    Answer<ServiceList::ListResults> answer;
    auto list = answer.results().init_services(1);
    list[0].set_state(static_cast<ServiceList::State>(77));
    EXPECT_TRUE(answer.json(write_services).contains(R"("state":"unknown")"));
}

TEST(StatusJsonTest, CrashesKeepTheirAddressesToThemselves) {
    Answer<ServiceList::CrashesResults> answer;
    auto list = answer.results().init_crashes(1);
    list[0].set_process("web");
    list[0].set_pid(4);
    list[0].set_at_ns(2'000'000);
    list[0].set_instruction(0x401234);
    list[0].set_fault("page fault (write to 0x10)");
    EXPECT_EQ(answer.json(write_crashes), R"([{"process":"web","pid":4,"at_ms":2}])");
}

TEST(StatusJsonTest, AnAddressThatIsNotThereIsNull) {
    Answer<NetworkManager::ConfigResults> answer;
    EXPECT_TRUE(answer.json(write_address).contains(R"("mac":"","address":null,"prefix":0,"gateway":null,"dns":[])"));
    Answer<NetworkManager::ConfigResults> bound;
    bound.results().set_state(NetworkManager::DhcpState::bound);
    bound.results().set_address(0x0a00020f);
    bound.results().set_prefix(24);
    bound.results().init_dns(1).set(0, 0x0a000203);
    const std::string json = bound.json(write_address);
    EXPECT_TRUE(json.contains(R"("state":"bound")")) << json;
    EXPECT_TRUE(json.contains(R"("address":"10.0.2.15","prefix":24)")) << json;
    EXPECT_TRUE(json.contains(R"("dns":["10.0.2.3"])")) << json;
}

TEST(StatusJsonTest, RoutesAndNeighboursAreText) {
    Answer<NetworkManager::RoutesResults> routes;
    auto list = routes.results().init_routes(2);
    list[0].set_destination(0x0a000200);
    list[0].set_prefix(24);
    list[1].set_gateway(0x0a000202);
    EXPECT_EQ(routes.json(write_routes),
              R"([{"to":"10.0.2.0/24","gateway":null},{"to":"0.0.0.0/0","gateway":"10.0.2.2"}])");
    Answer<NetworkManager::NeighboursResults> neighbours;
    auto neighbour = neighbours.results().init_neighbours(1);
    neighbour[0].set_address(0x0a000202);
    const std::array<std::byte, 2> mac{std::byte{0x52}, std::byte{0x55}};
    neighbour[0].set_mac(mac);
    EXPECT_EQ(neighbours.json(write_neighbours), R"([{"address":"10.0.2.2","mac":"52:55","stable":false}])");
}

TEST(StatusJsonTest, ConnectionsAreCountedWithoutPeers) {
    Answer<NetworkManager::ConnectionsResults> answer;
    auto list = answer.results().init_connections(4);
    list[0].set_state("LISTEN");
    list[0].set_local_port(80);
    list[1].set_state("ESTABLISHED");
    list[1].set_peer(0x01020304);
    list[2].set_state("ESTABLISHED");
    list[3].set_state("TIME_WAIT");
    EXPECT_EQ(answer.json(write_connections), R"({"listening":[80],"established":2,"other":1})");
}

TEST(StatusJsonTest, StackAndServerCountersAreShown) {
    Answer<NetworkManager::CountersResults> answer;
    answer.results().set_frames_in(3);
    answer.results().set_half_open_ended(64);
    answer.results().set_syns_dropped(5);
    answer.results().set_dhcp_ignored(6);
    answer.results().set_tcp_retransmits(1);
    const std::string json = answer.json(write_stack_counters);
    EXPECT_TRUE(json.contains(R"("frames_in":3)") && json.contains(R"("tcp_retransmits":1)")) << json;
    EXPECT_TRUE(json.contains(R"("half_open_ended":64,"syns_dropped":5,"dhcp_ignored":6)")) << json;

    std::array<char, 1024> storage;
    json::Writer writer(storage);
    Counters counters;
    counters.requests = 9;
    counters.first_answer_ns = 7'000'000;
    write_web(writer, counters, true);
    EXPECT_TRUE(writer.finish()->contains(R"("requests":9)"));
    EXPECT_TRUE(writer.finish()->contains(R"("first_answer_ms":7,"licenses":true)"));
}

}  // namespace
}  // namespace capos::web
