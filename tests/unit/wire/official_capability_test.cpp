// Structs with capabilities, in both directions, against a program on libcapnp (peer.cpp).

#include "schema/memory.capnp.hpp"
#include "schema/net.capnp.hpp"
#include "schema/process.capnp.hpp"
#include "tests/unit/wire/official.hpp"
#include "tests/unit/wire/segment.hpp"

namespace capos::wire_test {

using schema::AddressSpace;
using schema::Keeper;
using schema::Process;
using schema::Uplink;

std::string peer(const std::string& mode, const std::string& kind, const std::string& input = {}) {
    return run("'" CAPOS_TEST_PEER "' " + mode + " " + kind, input);
}

// What the peer reads from a message that `fill` builds.
template <class S, class Fill>
std::string peer_reads(const std::string& kind, Fill&& fill) {
    Storage storage(2048);
    wire::MessageBuilder builder(storage.span());
    fill(builder.init_root<S>());
    const auto bytes = builder.finish();
    EXPECT_TRUE(bytes);
    return peer("read", kind, std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
}

// A message that the peer wrote, and the list of capabilities beside it.
class FromPeer {
public:
    explicit FromPeer(const std::string& kind) : segment_(bytes_of(text_ = peer("write", kind))) {
        std::string order = peer("order", kind);
        for (const char letter : order)
            if (letter >= '0' && letter <= '7')
                places_.push_back(letter - '0');
    }
    template <class S>
    typename S::Reader root() {
        auto root = segment_.root<S>();
        EXPECT_TRUE(root);
        return root ? *root : typename S::Reader();
    }
    // Which of the peer's eight capabilities it is; -1 for none.
    int which(wire::CapabilityIndex index) const {
        return index.has_value() && index.value() < places_.size() ? places_[index.value()] : -1;
    }

private:
    std::string text_;
    Segment segment_;
    std::vector<int> places_;
};

TEST(WireCapabilityTest, TheOfficialLibraryReadsOurMapParams) {
    EXPECT_EQ(peer_reads<AddressSpace::MapParams>("map",
                                                  [](AddressSpace::MapParams::Builder map) {
                                                      map.set_object(wire::CapabilityIndex(6));
                                                      map.set_offset(4096);
                                                      map.set_size(8192);
                                                      map.set_address(0x10000);
                                                      map.set_protection(AddressSpace::Protection::read_write);
                                                  }),
              "object=6 offset=4096 size=8192 address=65536 protection=1\n");
}

TEST(WireCapabilityTest, WeReadTheOfficialLibrarysMapParams) {
    FromPeer message("map");
    const auto map = message.root<AddressSpace::MapParams>();
    EXPECT_EQ(message.which(map.object()), 3);
    EXPECT_EQ(map.offset(), 8192u);
    EXPECT_EQ(map.size(), 1ull << 40);
    EXPECT_EQ(map.address(), 0x7fff00001000u);
    EXPECT_EQ(map.protection(), AddressSpace::Protection::read_execute);
}

TEST(WireCapabilityTest, TheOfficialLibraryReadsOurAttachResults) {
    EXPECT_EQ(peer_reads<Uplink::AttachResults>("attach",
                                                [](Uplink::AttachResults::Builder attach) {
                                                    attach.set_outcome(Uplink::AttachResults::Outcome::bad_mac);
                                                    attach.set_pool(wire::CapabilityIndex(0));
                                                    attach.set_rings(wire::CapabilityIndex(1));
                                                    attach.set_to_stack(wire::CapabilityIndex(7));
                                                    attach.set_slot_bytes(2048);
                                                    attach.set_slot_count(1024);
                                                    attach.set_receive_slots(700);
                                                }),
              "outcome=1 pool=0 rings=1 toStack=7 toDriver=none slotBytes=2048 slotCount=1024 receiveSlots=700\n");
}

TEST(WireCapabilityTest, WeReadTheOfficialLibrarysAttachResults) {
    FromPeer message("attach");
    const auto attach = message.root<Uplink::AttachResults>();
    EXPECT_EQ(attach.outcome(), Uplink::AttachResults::Outcome::bad_mtu);
    EXPECT_EQ(message.which(attach.to_driver()), 0);
    EXPECT_EQ(message.which(attach.rings()), 1);
    EXPECT_EQ(message.which(attach.pool()), 2);
    EXPECT_FALSE(attach.to_stack());
    EXPECT_EQ(attach.slot_count(), 512u);
}

TEST(WireCapabilityTest, ACapabilityOfAnyKindTravelsBothWays) {
    EXPECT_EQ(peer_reads<Process::GrantParams>(
                  "grant", [](Process::GrantParams::Builder grant) { grant.set_capability(wire::CapabilityIndex(5)); }),
              "capability=5\n");
    FromPeer message("grant");
    EXPECT_EQ(message.which(message.root<Process::GrantParams>().capability()), 5);
}

TEST(WireCapabilityTest, ListsOfCapabilitiesTravelBothWays) {
    EXPECT_EQ(peer_reads<Keeper::AdoptParams>("adopt-params",
                                              [](Keeper::AdoptParams::Builder adopt) {
                                                  adopt.set_anything(wire::CapabilityIndex(4));
                                                  auto several = adopt.init_several(2);
                                                  several.set(0, wire::CapabilityIndex(3));
                                                  several.set(1, wire::CapabilityIndex(2));
                                              }),
              "child=none anything=4 several=3,2,\n");
    FromPeer message("adopt-params");
    const auto adopt = message.root<Keeper::AdoptParams>();
    EXPECT_EQ(message.which(adopt.child()), 7);
    ASSERT_EQ(adopt.several().size(), 3u);
    for (std::uint32_t i = 0; i < 3; ++i)
        EXPECT_EQ(message.which(adopt.several()[i]), static_cast<int>(i));
}

TEST(WireCapabilityTest, CapabilitiesInsideNestedStructsTravelBothWays) {
    EXPECT_EQ(peer_reads<Keeper::AdoptResults>("adopt-results",
                                               [](Keeper::AdoptResults::Builder adopt) {
                                                   auto entry = adopt.init_entry();
                                                   entry.set_name("alone");
                                                   entry.set_handle(wire::CapabilityIndex(1));
                                                   adopt.init_entries(1)[0].set_name("empty");
                                               }),
              "parent=none alone:1 empty:none\n");
    FromPeer message("adopt-results");
    const auto adopt = message.root<Keeper::AdoptResults>();
    EXPECT_EQ(message.which(adopt.parent()), 1);
    EXPECT_EQ(message.which(adopt.entry().handle()), -1);
    EXPECT_EQ(adopt.entries()[0].name(), "first");
    EXPECT_EQ(message.which(adopt.entries()[0].handle()), 6);
    EXPECT_EQ(message.which(adopt.entries()[1].handle()), 4);
}

}  // namespace capos::wire_test
