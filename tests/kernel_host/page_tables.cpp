// Page tables as a map, with the frames that real ones would take, and checks that real ones could not make.
#include <map>
#include <type_traits>

#include "kernel/mem/frames.hpp"
#include "kernel/sched/scheduler.hpp"
#include "tests/kernel_host/machine.hpp"

namespace capos::test {

namespace {

struct Space {
    kernel::PhysAddr root{};
    std::map<std::uint64_t, kernel::PhysAddr> tables;      // key: level << 56 | address >> shift of that level
    std::map<kernel::UserAddr, MappedPage> pages;
};

const kernel::arch::PageTables* loaded = nullptr;

// The space's address stands where real page tables keep their root, their first member.
static_assert(std::is_standard_layout_v<kernel::arch::PageTables>);
Space*& space_of(kernel::arch::PageTables& tables) { return reinterpret_cast<Space*&>(tables); }
const Space* space_of(const kernel::arch::PageTables& tables) {
    return *reinterpret_cast<Space* const*>(&tables);
}

}  // namespace

MappedPage mapped_page(const kernel::arch::PageTables& tables, kernel::UserAddr address) {
    const Space* space = space_of(tables);
    if (space == nullptr) return {};
    const auto at = space->pages.find(address & ~(kernel::kPageSize - 1));
    return at == space->pages.end() ? MappedPage{} : at->second;
}

std::size_t mapped_pages(const kernel::arch::PageTables& tables) {
    const Space* space = space_of(tables);
    return space == nullptr ? 0 : space->pages.size();
}

}  // namespace capos::test

namespace capos::kernel::arch {

using namespace capos::test;

Result<void> PageTables::create(FrameSource& source) {
    const PhysAddr root = TRY(source.take_frame());
    space_of(*this) = new Space{.root = root, .tables = {}, .pages = {}};
    return {};
}

Result<void> PageTables::map(FrameSource& source, UserAddr address, PhysAddr frame, Protection protection) {
    if (address < kUserFirst || address >= kUserLimit) return Error::OutOfBounds;
    if (address % kPageSize != 0) broken("a page is mapped off a page boundary");
    Space& space = *space_of(*this);
    if (space.pages.contains(address)) return Error::AlreadyExists;
    std::uint64_t fresh[3];
    unsigned taken = 0;
    for (unsigned level = 1; level <= 3; ++level) {
        const std::uint64_t key = static_cast<std::uint64_t>(level) << 56 | address >> (12 + 9 * level);
        if (space.tables.contains(key)) continue;
        auto table = source.take_frame();
        if (!table) {
            while (taken > 0) {
                const auto at = space.tables.find(fresh[--taken]);
                source.give_frame(at->second);
                space.tables.erase(at);
            }
            return table.error();
        }
        space.tables[key] = *table;
        fresh[taken++] = key;
    }
    machine().did(1);
    frame_mapped(static_cast<std::uint64_t>(frame));
    space.pages[address] = {static_cast<std::byte*>(direct(frame)), protection};
    return {};
}

void PageTables::unmap(UserAddr address, std::uint64_t pages) {
    Space& space = *space_of(*this);
    for (; pages != 0; --pages, address += kPageSize) {
        const auto at = space.pages.find(address);
        if (at == space.pages.end()) continue;
        machine().did(1);
        frame_unmapped(reinterpret_cast<std::uint64_t>(at->second.frame));
        space.pages.erase(at);
    }
}

void PageTables::protect(UserAddr address, std::uint64_t pages, Protection protection) {
    Space& space = *space_of(*this);
    for (; pages != 0; --pages, address += kPageSize) {
        const auto at = space.pages.find(address);
        if (at == space.pages.end()) continue;
        machine().did(1);
        at->second.protection = protection;
    }
}

bool PageTables::destroy(FrameSource& source, std::uint64_t most) {
    if (loaded == this) broken("an address space is destroyed while it is loaded");
    Space* space = space_of(*this);
    if (!space->pages.empty()) broken("an address space is destroyed with pages mapped");
    for (; !space->tables.empty(); --most) {
        if (most == 0) return false;
        source.give_frame(space->tables.begin()->second);
        space->tables.erase(space->tables.begin());
    }
    if (most == 0) return false;
    source.give_frame(space->root);
    delete space;
    root_ = 0;
    return true;
}

bool PageTables::activate() {
    if (loaded == this) return false;
    loaded = this;
    return true;
}

void activate_kernel_space() { loaded = nullptr; }

bool peek_user(UserAddr address, void* out, std::size_t bytes) {
    if (loaded == nullptr) return false;
    for (std::size_t i = 0; i < bytes; ++i) {
        const MappedPage page = mapped_page(*loaded, address + i);
        if (page.frame == nullptr) return false;
        static_cast<std::byte*>(out)[i] = page.frame[(address + i) % kPageSize];
    }
    return true;
}

void resume(ThreadContext& context) {
    Thread* thread = Scheduler::current();
    if (thread == nullptr || &thread->context() != &context) broken("a thread is resumed that is not the current one");
    if (thread->state() != Thread::State::Running) broken("a thread is resumed that does not run");
    if (loaded != &thread->process().page_tables()) broken("a thread is resumed in another address space");
    machine().resumed = &context;
    ++machine().resumes;
    machine().leave(Left::Resumed);
}

}  // namespace capos::kernel::arch
