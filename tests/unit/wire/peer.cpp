// wire-peer: reads and writes structs with capabilities by libcapnp, for comparison with lib/wire. C++17, by g++.
//
//   wire-peer write KIND > segment    a bare segment with the values that the test knows
//   wire-peer order KIND              the list of capabilities beside that segment: which of the eight stands where
//   wire-peer read KIND < segment     prints its fields on one line; a capability as its place in the list of eight
//
// KIND: map, attach, grant, adopt-params, adopt-results.

#include <capnp/any.h>
#include <capnp/capability.h>
#include <capnp/message.h>
#include <capnp/serialize.h>

#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "schema/memory.capnp.h"
#include "schema/net.capnp.h"
#include "schema/process.capnp.h"
#include "tests/unit/wire/everything.capnp.h"

namespace {

constexpr int kCapabilities = 8;

// Eight capabilities that can be told apart and never called.
struct Mocks {
    Mocks() {
        for (int i = 0; i < kCapabilities; ++i)
            hooks.push_back(capnp::newBrokenCap("not for calling"));
    }
    capnp::Capability::Client client(int index) { return capnp::Capability::Client(hooks[index]->addRef()); }
    template <class Interface>
    typename Interface::Client as(int index) {
        return client(index).castAs<Interface>();
    }
    std::string place(capnp::Capability::Client capability) const {
        auto hook = capnp::ClientHook::from(kj::mv(capability));
        for (int i = 0; i < kCapabilities; ++i)
            if (hooks[i].get() == hook.get())
                return std::to_string(i);
        return "unknown";
    }
    std::vector<kj::Own<capnp::ClientHook>> hooks;
};

#define PLACE(reader, Name) ((reader).has##Name() ? mocks.place((reader).get##Name()) : std::string("none"))

void read_entry(const Mocks& mocks, Keeper::Entry::Reader entry) {
    std::cout << " " << entry.getName().cStr() << ":" << PLACE(entry, Handle);
}

void read(const std::string& kind, capnp::AnyPointer::Reader root, const Mocks& mocks) {
    if (kind == "map") {
        auto map = root.getAs<AddressSpace::MapParams>();
        std::cout << "object=" << PLACE(map, Object) << " offset=" << map.getOffset() << " size=" << map.getSize()
                  << " address=" << map.getAddress() << " protection=" << static_cast<int>(map.getProtection());
    } else if (kind == "attach") {
        auto attach = root.getAs<Uplink::AttachResults>();
        std::cout << "outcome=" << static_cast<int>(attach.getOutcome()) << " pool=" << PLACE(attach, Pool)
                  << " rings=" << PLACE(attach, Rings) << " toStack=" << PLACE(attach, ToStack)
                  << " toDriver=" << PLACE(attach, ToDriver) << " slotBytes=" << attach.getSlotBytes()
                  << " slotCount=" << attach.getSlotCount() << " receiveSlots=" << attach.getReceiveSlots();
    } else if (kind == "grant") {
        auto grant = root.getAs<Process::GrantParams>();
        std::cout << "capability=" << PLACE(grant, Capability);
    } else if (kind == "adopt-params") {
        auto adopt = root.getAs<Keeper::AdoptParams>();
        std::cout << "child=" << PLACE(adopt, Child) << " anything=" << PLACE(adopt, Anything) << " several=";
        for (auto keeper : adopt.getSeveral())
            std::cout << mocks.place(keeper) << ",";
    } else if (kind == "adopt-results") {
        auto adopt = root.getAs<Keeper::AdoptResults>();
        std::cout << "parent=" << PLACE(adopt, Parent);
        read_entry(mocks, adopt.getEntry());
        for (auto entry : adopt.getEntries())
            read_entry(mocks, entry);
    }
    std::cout << "\n";
}

void write(const std::string& kind, capnp::AnyPointer::Builder root, Mocks& mocks) {
    if (kind == "map") {
        auto map = root.initAs<AddressSpace::MapParams>();
        map.setObject(mocks.as<MemoryObject>(3));
        map.setOffset(8192);
        map.setSize(1ull << 40);
        map.setAddress(0x7fff00001000);
        map.setProtection(AddressSpace::Protection::READ_EXECUTE);
    } else if (kind == "attach") {
        auto attach = root.initAs<Uplink::AttachResults>();
        attach.setOutcome(Uplink::AttachResults::Outcome::BAD_MTU);
        attach.setToDriver(mocks.as<Notification>(0));
        attach.setRings(mocks.as<MemoryObject>(1));
        attach.setPool(mocks.as<MemoryObject>(2));
        attach.setSlotBytes(2048);
        attach.setSlotCount(512);
        attach.setReceiveSlots(256);
    } else if (kind == "grant") {
        root.initAs<Process::GrantParams>().setCapability(mocks.client(5));
    } else if (kind == "adopt-params") {
        auto adopt = root.initAs<Keeper::AdoptParams>();
        adopt.setChild(mocks.as<Keeper>(7));
        auto several = adopt.initSeveral(3);
        for (int i = 0; i < 3; ++i)
            several.set(i, mocks.as<Keeper>(i));
    } else if (kind == "adopt-results") {
        auto adopt = root.initAs<Keeper::AdoptResults>();
        adopt.setParent(mocks.as<Keeper>(1));
        adopt.initEntry().setName("alone");
        auto entries = adopt.initEntries(2);
        entries[0].setName("first");
        entries[0].setHandle(mocks.client(6));
        entries[1].setName("second");
        entries[1].setHandle(mocks.client(4));
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3)
        return 2;
    const std::string mode = arguments[1];
    const std::string kind = arguments[2];
    Mocks mocks;
    if (mode == "write" || mode == "order") {
        capnp::MallocMessageBuilder message(1024);
        capnp::BuilderCapabilityTable table;
        write(kind, table.imbue(message.getRoot<capnp::AnyPointer>()), mocks);
        if (mode == "write") {
            for (auto segment : message.getSegmentsForOutput())
                std::cout.write(reinterpret_cast<const char*>(segment.begin()), segment.size() * 8);
            return 0;
        }
        for (auto& entry : table.getTable())
            KJ_IF_MAYBE (hook, entry)
                std::cout << mocks.place(capnp::Capability::Client((*hook)->addRef())) << " ";
        std::cout << "\n";
        return 0;
    }
    const std::string bytes((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
    auto words = kj::heapArray<capnp::word>(bytes.size() / 8);
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(words.begin()));
    const kj::ArrayPtr<const capnp::word> segments[] = {words.asPtr()};
    capnp::SegmentArrayMessageReader message(segments);
    auto hooks = kj::heapArrayBuilder<kj::Maybe<kj::Own<capnp::ClientHook>>>(kCapabilities);
    for (auto& hook : mocks.hooks)
        hooks.add(hook->addRef());
    capnp::ReaderCapabilityTable table(hooks.finish());
    read(kind, table.imbue(message.getRoot<capnp::AnyPointer>()), mocks);
    return 0;
}
