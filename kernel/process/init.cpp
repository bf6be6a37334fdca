#include "kernel/process/init.hpp"

#include <cstring>

#include "abi/start.hpp"
#include "kernel/console/console.hpp"
#include "kernel/device/device_facts.hpp"
#include "kernel/mem/accounts.hpp"
#include "kernel/mem/frames.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/boot_bundle.hpp"
#include "kernel/object/root_objects.hpp"
#include "kernel/process/process.hpp"
#include "lib/elf/elf.hpp"
#include "schema/device.capnp.hpp"

namespace capos::kernel {

namespace {

constexpr std::uint64_t kHeapPages = 128;
constexpr std::uint64_t kStackPages = 32;
constexpr std::uint32_t kSlots = 1024;
constexpr std::uint64_t kMinuteNs = 60'000'000'000;
constexpr std::uint32_t kMostDeaths = 3;

Ledger* root_ledger = nullptr;
std::uint32_t init_pid = 0;
std::uint64_t deaths[kMostDeaths];
std::uint32_t death_count = 0;

// Kernel objects may take an eighth of memory; the rest is for what processes map.
Result<void> open_root_ledger() {
    if (root_ledger != nullptr) return {};
    close_kernel_account();
    const std::uint64_t free = frames_free();
    root_ledger = TRY(Ledger::create_root(free - free / 8, free / 8 * kPageSize));
    return {};
}

Result<void> copy_into(MemoryObject& object, std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const std::uint64_t page = offset / kPageSize;
        const std::uint64_t within = offset % kPageSize;
        if (page >= object.pages()) return Error::OutOfBounds;
        const std::size_t count = bytes.size() < kPageSize - within ? bytes.size() : kPageSize - within;
        std::memcpy(static_cast<std::byte*>(direct(object.page(page))) + within, bytes.data(), count);
        bytes = bytes.subspan(count);
        offset += count;
    }
    return {};
}

// Read-only segments are mapped where the boot loader put them; writable ones are copied.
Result<void> map_segment(Process& process, std::span<const std::byte> file, const elf::Segment& segment) {
    const std::uint64_t pages = segment.pages();
    if (segment.protection != elf::Protection::ReadWrite) {
        const std::span<const std::byte> contents = file.subspan(segment.file_page_offset());
        Ref<MemoryObject> object =
            TRY(MemoryObject::over(&process.ledger(), boot_bundle().physical(contents), pages, true));
        TRY(process.map(*object, 0, pages, segment.page_address(),
                        segment.protection == elf::Protection::ReadExecute ? Protection::ReadExecute : Protection::Read));
        return {};
    }
    Ref<MemoryObject> object = TRY(MemoryObject::create(process.ledger(), pages));
    TRY(copy_into(*object, segment.address - segment.page_address(), file.subspan(segment.file_offset, segment.file_bytes)));
    TRY(process.map(*object, 0, pages, segment.page_address(), Protection::ReadWrite));
    return {};
}

Result<UserAddr> map_fresh(Process& process, std::uint64_t pages) {
    Ref<MemoryObject> object = TRY(MemoryObject::create(process.ledger(), pages));
    return process.map(*object, 0, pages, 0, Protection::ReadWrite);
}

struct StartPage {
    abi::StartInfo info{};
    abi::StartGrant grants[16]{};
};

Result<void> grant(Process& process, StartPage& page, const char* name, Object& object) {
    abi::StartGrant& entry = page.grants[page.info.grant_count++];
    std::strncpy(entry.name, name, sizeof(entry.name) - 1);
    entry.interface_id = object.interface_id();
    entry.handle = TRY(process.table().insert(Ref<Object>(object), entry.interface_id));
    return {};
}

Result<void> load(Process& process) {
    const std::span<const std::byte> file = boot_bundle().program("init");
    if (file.empty()) return Error::NotFound;
    const elf::Plan plan = TRY(elf::plan(file));
    for (const elf::Segment& segment : plan.segments()) TRY(map_segment(process, file, segment));

    static StartPage page;
    page = {};
    page.info.magic = abi::kStartMagic;
    page.info.version = abi::kStartVersion;
    page.info.heap_address = TRY(map_fresh(process, kHeapPages));
    page.info.heap_bytes = kHeapPages * kPageSize;
    std::strncpy(page.info.process_name, "init", sizeof(page.info.process_name) - 1);
    RootObjects& root = root_objects();
    Ref<MemoryObject> time_page = root.timer.page_object();
    page.info.time_page = TRY(process.map(*time_page, 0, 1, 0, Protection::Read));
    Ref<AddressSpaceObject> space = TRY(AddressSpaceObject::of(process, process.ledger()));
    TRY(grant(process, page, "log", root.log));
    TRY(grant(process, page, "terminal", root.terminal));
    TRY(grant(process, page, "timer", root.timer));
    TRY(grant(process, page, "entropy", root.entropy));
    TRY(grant(process, page, "power", root.power));
    TRY(grant(process, page, "systemInfo", root.system_info));
    TRY(grant(process, page, "memoryFactory", root.memory_factory));
    TRY(grant(process, page, "processFactory", root.process_factory));
    TRY(grant(process, page, "endpointFactory", root.endpoint_factory));
    TRY(grant(process, page, "notificationFactory", root.notification_factory));
    TRY(grant(process, page, "bootBundle", boot_bundle()));
    TRY(grant(process, page, "pciBus", pci_bus()));
    TRY(grant(process, page, "addressSpace", *space));

    static_assert(sizeof(StartPage) <= kPageSize);
    Ref<MemoryObject> start = TRY(MemoryObject::create(process.ledger(), 1));
    std::memcpy(direct(start->page(0)), &page, sizeof(page));
    const UserAddr start_address = TRY(process.map(*start, 0, 1, 0, Protection::Read));
    const UserAddr stack = TRY(map_fresh(process, kStackPages));
    const RingShape shape = TRY(RingShape::create(128, 256, 512 * 1024));
    TRY(process.start_thread(plan.entry(), stack + kStackPages * kPageSize - 8, start_address, shape));
    return {};
}

}  // namespace

void start_init() {
    if (!open_root_ledger()) panic("no memory for the root ledger");
    const std::uint64_t pages = root_ledger->limit(Resource::Pages) - root_ledger->used(Resource::Pages);
    const std::uint64_t bytes = root_ledger->limit(Resource::ObjectBytes) - root_ledger->used(Resource::ObjectBytes) -
                                Ledger::object_cost();
    auto process = Process::create(*root_ledger, "init", 0, pages, bytes, kSlots);
    if (!process) panic("init: no memory for its process");
    init_pid = (*process)->pid();
    (*process)->retain();                 // init is held by the kernel until it ends
    if (auto loaded = load(**process); !loaded) {
        FixedText<200> reason;
        reason << "init cannot be loaded: " << error_name(loaded.error());
        if (!boot_bundle().fault().empty()) reason << ": " << boot_bundle().fault();
        reason << '\0';
        static char kept[200];
        std::memcpy(kept, reason.view().data(), reason.size());
        panic(kept);
    }
}

void process_ended(Process& process, const ExitInfo& info) {
    if (process.pid() != init_pid) return;
    using Cause = schema::Process::WaitResults::Cause;
    FixedText<160> text;
    text << "init has ended (" << (info.cause == Cause::fault ? "fault " : info.cause == Cause::killed ? "killed" : "exit ");
    if (info.cause == Cause::fault) text << info.fault.vector << " at " << Hex{info.instruction, 16};
    if (info.cause == Cause::exited) text << info.status;
    text << "): everything it granted is revoked, starting it anew";
    console::line("kernel", text.view());
    const std::uint64_t now = arch::now_ns();
    deaths[death_count++ % kMostDeaths] = now;
    const std::uint64_t oldest = deaths[death_count % kMostDeaths];      // of the last kMostDeaths
    if (death_count >= kMostDeaths && now - oldest < kMinuteNs) panic("init died three times within a minute");
    process.release();
    Reaper::when_done(start_init);        // once its memory and its children's are back
}

}  // namespace capos::kernel
