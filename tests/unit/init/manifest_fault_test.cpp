
#include "tests/unit/init/manifest_house.hpp"

namespace capos::init {
namespace {

using test::ManifestHouse;

TEST(ManifestTest, AGoodManifestHolds) {
    ManifestHouse house;
    EXPECT_TRUE(house.check()) << house.line;
}

struct Fault {
    void (*breaks)(ManifestHouse&);
    Error error;
    const char* line;
};

class ManifestFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(ManifestFaultTest, IsOneLineThatNamesServiceAndField) {
    ManifestHouse house;
    GetParam().breaks(house);
    const auto checked = house.check();
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error(), GetParam().error);
    EXPECT_EQ(house.line, GetParam().line);
}

using M = ManifestHouse;
INSTANTIATE_TEST_SUITE_P(
    Services, ManifestFaultTest,
    ::testing::ValuesIn(std::vector<Fault>{
        Fault{[](M& m) { m.version = 2; }, Error::Unsupported, "version: 2, this init reads version 1"},
        Fault{[](M& m) { m.services.clear(); }, Error::InvalidArgument, "services: 0, 1 to 32 are possible"},
        Fault{[](M& m) { m.services.resize(33, m.web()); }, Error::InvalidArgument, "services: 33, 1 to 32 are possible"},
        Fault{[](M& m) { m.web().name = "Web"; }, Error::InvalidArgument,
              "service 1: name \"Web\" is not 1 to 31 of a-z, 0-9 and -"},
        Fault{[](M& m) { m.web().name = ""; }, Error::InvalidArgument,
              "service 1: name \"\" is not 1 to 31 of a-z, 0-9 and -"},
        Fault{[](M& m) { m.web().name = std::string(32, 'a'); }, Error::InvalidArgument,
              "service 1: name \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" is not 1 to 31 of a-z, 0-9 and -"},
        Fault{[](M& m) { m.web().name = "init"; }, Error::AlreadyExists,
              "service 1: name \"init\" is taken by init itself"},
        Fault{[](M& m) { m.web().name = "kernel"; }, Error::AlreadyExists,
              "service 1: name \"kernel\" is taken by the kernel"},
        Fault{[](M& m) { m.web().name = "device"; }, Error::AlreadyExists,
              "service 1: name \"device\" is taken by the kernel's lines about devices"},
        Fault{[](M& m) { m.web().name = "netstack"; }, Error::AlreadyExists,
              "service \"netstack\": name: another service has it"},
        Fault{[](M& m) { m.web().program = "httpd"; }, Error::NotFound,
              "service \"web\": program \"httpd\": not in the bundle"},
        Fault{[](M& m) { m.bundle.damaged = "web"; }, Error::ChecksumMismatch,
              "service \"web\": program \"web\": damaged (checksum does not match)"},
        Fault{[](M& m) { m.bundle.programs["web"].resize(20); }, Error::Malformed,
              "service \"web\": program \"web\": not an ELF file"},
        Fault{[](M& m) { m.web().options = std::string(256, 'x'); }, Error::InvalidArgument,
              "service \"web\": options: 256 bytes, at most 255"},
        Fault{[](M& m) { m.web().options = "a\nb"; }, Error::InvalidArgument,
              "service \"web\": options: a character that is not printable"},
        Fault{[](M& m) { m.web().restart = static_cast<schema::Restart>(9); }, Error::Unsupported,
              "service \"web\": restart: a policy that this init does not know"}}));

INSTANTIATE_TEST_SUITE_P(
    Limits, ManifestFaultTest,
    ::testing::ValuesIn(std::vector<Fault>{
        Fault{[](M& m) { m.web().heap_pages = 1; }, Error::InvalidArgument,
              "service \"web\": heapPages: 1, 4 to 65536 are possible"},
        Fault{[](M& m) { m.web().stack_pages = 0; }, Error::InvalidArgument,
              "service \"web\": stackPages: 0, 1 to 1024 are possible"},
        Fault{[](M& m) { m.web().message_pages = 1025; }, Error::InvalidArgument,
              "service \"web\": messagePages: 1025, 1 to 1024 are possible"},
        Fault{[](M& m) { m.web().slots = 8; }, Error::InvalidArgument, "service \"web\": slots: 8, 9 to 4096 are possible"},
        Fault{[](M& m) { m.web().priority = 8; }, Error::InvalidArgument,
              "service \"web\": priority: 8, 0 to 7 are possible"},
        Fault{[](M& m) { m.web().submissions = 48; }, Error::InvalidArgument,
              "service \"web\": submissions: 48 is not a power of two from 8 to 1024"},
        Fault{[](M& m) { m.web().completions = 2048; }, Error::InvalidArgument,
              "service \"web\": completions: 2048 is not a power of two from 8 to 1024"},
        Fault{[](M& m) { m.web().pages = 100; }, Error::QuotaExceeded,
              "service \"web\": pages: 100, heap, stack, program and ring need 133"},
        Fault{[](M& m) { m.budget.pages = 1000; }, Error::QuotaExceeded,
              "service \"web\": pages: with those before 1026, this machine has 1000 to give"},
        Fault{[](M& m) { m.netstack().exports[1].in_flight = 4096; m.services.pop_back();
                         m.budget.pages = 544; }, Error::QuotaExceeded,
              "service \"netstack\": export \"manager\": inFlight: 32 pages, with all before 545, this machine has 544 to give"},
        Fault{[](M& m) { m.web().object_bytes = 1 << 20; }, Error::QuotaExceeded,
              "service \"web\": objectBytes: with those before 1179648, this machine has 1048576 to give"}}));

}  // namespace
}  // namespace capos::init
