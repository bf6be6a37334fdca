
#include "tests/unit/init/manifest_house.hpp"

namespace capos::init {
namespace {

using test::ManifestHouse;
using test::PlainGrant;
using Which = schema::Grant::Source::Which;

struct Fault {
    void (*breaks)(ManifestHouse&);
    Error error;
    const char* line;
};

class GrantFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(GrantFaultTest, IsOneLineThatNamesServiceAndGrant) {
    ManifestHouse house;
    GetParam().breaks(house);
    const auto checked = house.check();
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error(), GetParam().error);
    EXPECT_EQ(house.line, GetParam().line);
}

using M = ManifestHouse;
INSTANTIATE_TEST_SUITE_P(
    Exports, GrantFaultTest,
    ::testing::ValuesIn(std::vector<Fault>{
        Fault{[](M& m) { m.netstack().exports[0].name = "TCP"; }, Error::InvalidArgument,
              "service \"netstack\": export \"TCP\": name is not 1 to 22 of a-z, 0-9 and -"},
        Fault{[](M& m) { m.netstack().exports[1].name = "tcp-listen"; }, Error::AlreadyExists,
              "service \"netstack\": export \"tcp-listen\": name: another export has it"},
        Fault{[](M& m) { m.netstack().exports[0].interface = "Tcp"; }, Error::NotFound,
              "service \"netstack\": export \"tcp-listen\": interface: there is no \"Tcp\""},
        Fault{[](M& m) { m.netstack().exports[0].in_flight = 0; }, Error::InvalidArgument,
              "service \"netstack\": export \"tcp-listen\": inFlight: 0, 1 to 4096 are possible"},
        Fault{[](M& m) { m.netstack().exports[0].parked = 257; }, Error::InvalidArgument,
              "service \"netstack\": export \"tcp-listen\": parkedPerNumber: 257, 1 to 256 are possible"}}));

INSTANTIATE_TEST_SUITE_P(
    Grants, GrantFaultTest,
    ::testing::ValuesIn(std::vector<Fault>{
        Fault{[](M& m) { m.web().grants[1].export_name = "tcp"; }, Error::NotFound,
              "service \"web\": grant \"listen\": service \"netstack\" has no export \"tcp\""},
        Fault{[](M& m) { m.web().grants[1].text = "stack"; }, Error::NotFound,
              "service \"web\": grant \"listen\": there is no service \"stack\""},
        Fault{[](M& m) { m.web().grants[1].interface = "Uplink"; }, Error::WrongInterface,
              "service \"web\": grant \"listen\": interface: asked for Uplink, the source is TcpListenAuthority"},
        Fault{[](M& m) { m.web().grants[2].export_name = "power"; }, Error::NotFound,
              "service \"web\": grant \"services\": service \"init\" has no export \"power\""},
        Fault{[](M& m) { m.web().grants[2].interface = "ServiceControl"; }, Error::WrongInterface,
              "service \"web\": grant \"services\": interface: asked for ServiceControl, the source is ServiceList"},
        Fault{[](M& m) { m.web().grants[2].export_name = "control"; }, Error::WrongInterface,
              "service \"web\": grant \"services\": interface: asked for ServiceList, the source is ServiceControl"},
        Fault{[](M& m) { m.web().grants[0].text = "Logg"; }, Error::NotFound,
              "service \"web\": grant \"log\": kernel: there is no \"Logg\""},
        Fault{[](M& m) { m.web().grants[0].text = "ProcessFactory"; }, Error::NotFound,
              "service \"web\": grant \"log\": kernel: there is no \"ProcessFactory\""},
        Fault{[](M& m) { m.web().grants[0].interface = "Timer"; }, Error::WrongInterface,
              "service \"web\": grant \"log\": interface: asked for Timer, the source is Log"},
        Fault{[](M& m) { m.web().grants[0].interface = "Lag"; }, Error::NotFound,
              "service \"web\": grant \"log\": interface: there is no \"Lag\""},
        Fault{[](M& m) { m.web().grants[0].name = "a b"; }, Error::InvalidArgument,
              "service \"web\": grant \"a b\": name is not 1 to 31 of letters, digits and -"},
        Fault{[](M& m) { m.web().grants[1].name = "log"; }, Error::AlreadyExists,
              "service \"web\": grant \"log\": name: another grant or export of the service has it"},
        Fault{[](M& m) { m.netstack().grants[0].name = "manager-endpoint"; }, Error::AlreadyExists,
              "service \"netstack\": grant \"manager-endpoint\": name: another grant or export of the service has it"},
        Fault{[](M& m) { m.web().grants[3].text = "notes"; }, Error::NotFound,
              "service \"web\": grant \"licenses\": file \"notes\": not in the bundle"},
        Fault{[](M& m) { m.bundle.damaged = "licenses"; }, Error::ChecksumMismatch,
              "service \"web\": grant \"licenses\": file \"licenses\": damaged (checksum does not match)"},
        Fault{[](M& m) { m.web().grants[3].interface = "Log"; }, Error::WrongInterface,
              "service \"web\": grant \"licenses\": interface: asked for Log, the source is MemoryObject"},
        Fault{[](M& m) { m.web().grants[4].devices.clear(); }, Error::InvalidArgument,
              "service \"web\": grant \"device\": device: no device ids to look for"},
        Fault{[](M& m) { m.web().grants[4].interface = "PciBus"; }, Error::WrongInterface,
              "service \"web\": grant \"device\": interface: asked for PciBus, the source is PciFunction"},
        Fault{[](M& m) { m.netstack().grants[1].text = "Process"; }, Error::NotFound,
              "service \"netstack\": grant \"addressSpace\": self: a process has no \"Process\" to be given"},
        Fault{[](M& m) { m.netstack().grants[1].interface = "Log"; }, Error::WrongInterface,
              "service \"netstack\": grant \"addressSpace\": interface: asked for Log, the source is AddressSpace"},
        Fault{[](M& m) {
                  m.web().grants.push_back({"again", "TcpListenAuthority", Which::service, "netstack", "tcp-listen", 80});
              },
              Error::AlreadyExists,
              "service \"web\": grant \"again\": scope 80 of export \"tcp-listen\" is also grant \"listen\" of service "
              "\"web\""},
        Fault{[](M& m) {
                  m.web().slots = 4096;
                  for (int i = 0; i < 70; ++i) m.web().grants.push_back({"g" + std::to_string(i), "Log", Which::kernel, "Log"});
              },
              Error::InvalidArgument, "service \"web\": grants: 75 and 0 exports, together at most 64"}}));

TEST(ManifestCircleTest, ServicesThatWaitForEachOtherAreRefused) {
    ManifestHouse house;
    house.web().exports = {{"page", "Log"}};
    house.netstack().grants.push_back({"page", "Log", Which::service, "web", "page", 1});
    EXPECT_EQ(house.check().error(), Error::Malformed);
    EXPECT_EQ(house.line,
              "service \"netstack\": grants: services wait for each other: netstack -> web -> netstack");
}

TEST(ManifestCircleTest, AServiceThatWaitsForItselfIsRefused) {
    ManifestHouse house;
    house.netstack().grants.push_back({"own", "NetworkManager", Which::service, "netstack", "manager", 1});
    EXPECT_EQ(house.check().error(), Error::Malformed);
    EXPECT_EQ(house.line, "service \"netstack\": grants: services wait for each other: netstack -> netstack");
}

TEST(ManifestCircleTest, AChainOfThirtyTwoServicesIsNoCircle) {
    ManifestHouse house;
    house.budget = {1 << 20, 1 << 30};
    house.services.clear();
    for (int i = 0; i < 32; ++i) {
        test::PlainService service{.name = "s" + std::to_string(i), .program = "web"};
        service.exports = {{"out", "Log"}};
        if (i != 0) service.grants = {{"in", "Log", Which::service, "s" + std::to_string(i - 1), "out", 1}};
        house.services.push_back(service);
    }
    EXPECT_TRUE(house.check()) << house.line;
    house.services[0].grants = {{"in", "Log", Which::service, "s31", "out", 1}};
    EXPECT_EQ(house.check().error(), Error::Malformed);
}

}  // namespace
}  // namespace capos::init
