#include "kernel/process/process.hpp"

#include <cstring>
#include <utility>

#include "kernel/ipc/endpoint.hpp"
#include "kernel/mem/frames.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/process/refusals.hpp"
#include "kernel/sched/scheduler.hpp"

namespace capos::kernel {

namespace {

std::uint32_t next_pid = 1;
constinit List<Process, AllProcessesTag> all;

constexpr std::uint64_t kPagesInAStep = 256;
constexpr std::uint64_t kTablesInAStep = 32;
// A handle leads to an object, that to what it is made of, that to memory and ledgers.
constexpr std::uint32_t kRounds = 3;

bool valid_name(std::string_view name) {
    if (name.empty() || name.size() >= kProcessNameBytes) return false;
    for (char c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
    return true;
}

}  // namespace

List<Process, AllProcessesTag>& all_processes() { return all; }

Result<Ref<Process>> Process::create(Ledger& parent, std::string_view name, std::uint32_t creator_pid,
                                     std::uint64_t pages, std::uint64_t object_bytes, std::uint32_t slots) {
    if (!valid_name(name) || slots == 0 || slots > kMaxSlots) return Error::InvalidArgument;
    Ledger* ledger = TRY(parent.split(pages, object_bytes));
    auto created = Slab<Process>::create(ledger);
    if (!created) {
        ledger->release();
        return created.error();
    }
    Process* process = *created;
    Ref<Process> reference(*process);
    process->ledger_ = ledger;
    process->creator_pid_ = creator_pid;
    std::memcpy(process->name_, name.data(), name.size());
    process->name_length_ = name.size();
    process->table_order_ = order_for(slots * sizeof(CapabilityTable::Slot));
    process->table_frames_ = TRY(process->take_frames(process->table_order_));
    process->table_.create({static_cast<CapabilityTable::Slot*>(direct(process->table_frames_)), slots});
    process->has_table_ = true;
    TRY(process->page_tables_.create(*process));
    process->pid_ = next_pid++;
    process->started_ns = arch::now_ns();
    all_processes().push_back(*process);
    return reference;
}

void Process::destroy() {
    if (!ended_) return end({.cause = schema::Process::WaitResults::Cause::killed});   // which queues it here again
    ListHook<AllProcessesTag>::unlink();
    counters.submissions += submissions;
    if (address_space_ != nullptr) address_space_->process_ = nullptr;
    if (has_table_) give_frames(table_frames_, table_order_);
    Ledger* ledger = ledger_;
    Slab<Process>::destroy(this);
    ledger->release();
}

// --- memory --------------------------------------------------------------------------------------------------------

Result<PhysAddr> Process::take_frames(unsigned order) {
    TRY(ledger_->charge(Resource::Pages, std::uint64_t{1} << order));
    auto frames = frames_take(order);
    if (!frames) {
        ledger_->credit(Resource::Pages, std::uint64_t{1} << order);
        return frames.error();
    }
    arch::zero_frames(*frames, std::size_t{1} << order);
    work_done += kZeroWork << order;
    return *frames;
}

void Process::give_frames(PhysAddr frames, unsigned order) {
    frames_give(frames, order);
    ledger_->credit(Resource::Pages, std::uint64_t{1} << order);
}

Result<PhysAddr> Process::take_frame() { return take_frames(0); }
void Process::give_frame(PhysAddr frame) { give_frames(frame, 0); }

// A free range: `address` itself when it is free, or the lowest that the kernel may choose. Ranges are used again, and
// with them the tables that map them.
Result<UserAddr> Process::place(UserAddr address, std::uint64_t pages) const {
    if (pages == 0 || pages > kUserLimit / kPageSize) return Error::InvalidArgument;
    const std::uint64_t bytes = pages * kPageSize;
    if (address == 0) {
        address = kChosenFirst;
        for (const Mapping* at = mappings_.front(); at != nullptr; at = mappings_.next(*at)) {
            if (at->address >= address + bytes + kPageSize) break;
            // An unmapped page between neighbours.
            if (at->end() + kPageSize > address) address = at->end() + kPageSize;
        }
        if (address >= kChosenLimit || bytes > kChosenLimit - address) return Error::QuotaExceeded;
        return address;
    }
    if (address % kPageSize != 0 || address < kUserFirst || address > kUserLimit - bytes) return Error::InvalidArgument;
    for (const Mapping* at = mappings_.front(); at != nullptr; at = mappings_.next(*at))
        if (address < at->end() && at->address < address + bytes) return Error::AlreadyExists;
    return address;
}

void Process::keep(Mapping& mapping) {
    Mapping* before = nullptr;
    for (Mapping* at = mappings_.front(); at != nullptr && at->address < mapping.address; at = mappings_.next(*at))
        before = at;
    if (before == nullptr)
        mappings_.push_front(mapping);
    else
        mappings_.insert_after(mapping, *before);
    ++mapping_count_;
}

void Process::drop(Mapping& mapping) {
    mapping.unlink();
    --mapping_count_;
    Slab<Mapping>::destroy(&mapping);
}

Result<UserAddr> Process::map(MemoryObject& object, std::uint64_t first_page, std::uint64_t pages, UserAddr address,
                              Protection protection) {
    if (ended_) return Error::Disconnected;
    if (pages > kMaxMappingPages) return Error::InvalidArgument;
    work_done += 2 * mapping_count_ * kStepWork + pages * kPageWork;
    if (first_page > object.pages() || pages > object.pages() - first_page) return Error::OutOfBounds;
    if (protection == Protection::ReadWrite && !object.writable()) return Error::Denied;
    const UserAddr at = TRY(place(address, pages));
    MemoryUse use = TRY(MemoryUse::begin(object, protection));
    Mapping* mapping = TRY(Slab<Mapping>::create(ledger_));
    for (std::uint64_t i = 0; i < pages; ++i) {
        auto mapped = page_tables_.map(*this, at + i * kPageSize, object.page(first_page + i), protection);
        if (!mapped) {
            page_tables_.unmap(at, i);
            Slab<Mapping>::destroy(mapping);
            return mapped.error();
        }
    }
    mapping->address = at;
    mapping->pages = pages;
    mapping->use = std::move(use);
    mapping->first_page = first_page;
    keep(*mapping);
    return at;
}

Mapping* Process::find(UserAddr address, std::uint64_t pages) {
    work_done += mapping_count_ * kStepWork + kPageWork;
    for (Mapping* at = mappings_.front(); at != nullptr; at = mappings_.next(*at))
        if (at->address == address && at->pages == pages && at->use) return at;
    return nullptr;
}

Result<void> Process::unmap(UserAddr address, std::uint64_t pages) {
    if (ended_) return Error::Disconnected;
    Mapping* mapping = find(address, pages);
    if (mapping == nullptr) return Error::NotFound;
    work_done += pages * kPageWork;
    page_tables_.unmap(address, pages);
    drop(*mapping);
    return {};
}

Result<void> Process::protect(UserAddr address, std::uint64_t pages, Protection protection) {
    if (ended_) return Error::Disconnected;
    Mapping* mapping = find(address, pages);
    if (mapping == nullptr) return Error::NotFound;
    if (protection == Protection::ReadWrite && !mapping->use.object().writable()) return Error::Denied;
    TRY(mapping->use.change(protection));
    work_done += pages * kPageWork;
    page_tables_.protect(address, pages, protection);
    return {};
}

Result<UserAddr> Process::map_ring(PhysAddr frames, std::uint64_t pages) {
    const UserAddr at = TRY(place(0, pages));
    Mapping* mapping = TRY(Slab<Mapping>::create(ledger_));
    for (std::uint64_t i = 0; i < pages; ++i) {
        const PhysAddr frame{static_cast<std::uint64_t>(frames) + i * kPageSize};
        if (auto mapped = page_tables_.map(*this, at + i * kPageSize, frame, Protection::ReadWrite); !mapped) {
            page_tables_.unmap(at, i);
            Slab<Mapping>::destroy(mapping);
            return mapped.error();
        }
    }
    mapping->address = at;
    mapping->pages = pages;
    keep(*mapping);
    return at;
}

void Process::unmap_ring(UserAddr address) {
    for (Mapping* at = mappings_.front(); at != nullptr; at = mappings_.next(*at)) {
        if (at->address != address || at->use) continue;
        page_tables_.unmap(address, at->pages);
        drop(*at);
        return;
    }
}

// --- threads and the end -------------------------------------------------------------------------------------------

Result<Ref<Thread>> Process::start_thread(UserAddr entry, UserAddr stack, std::uint64_t argument,
                                          const RingShape& shape) {
    if (ended_) return Error::Disconnected;
    Ref<Thread> thread = TRY(Thread::create(*this, entry, stack, argument, shape));
    thread->retain();                                    // the process's own reference
    threads_.push_back(*thread);
    ++thread_count_;
    thread->start();
    return thread;
}

void Process::thread_ended(Thread& thread, std::int64_t status) {
    if (!thread.ListHook<ProcessThreadsTag>::linked()) return;
    thread.ListHook<ProcessThreadsTag>::unlink();
    --thread_count_;
    thread.stop();
    thread.release();
    if (thread_count_ == 0) end({.cause = schema::Process::WaitResults::Cause::exited, .status = status});
}

void Process::end(const ExitInfo& info) {
    if (ended_) return;
    ended_ = true;
    exit_ = info;
    retain();                                            // until it is gone
    while (Thread* thread = threads_.pop_front()) {
        --thread_count_;
        thread->stop();
        thread->release();
    }
    for (EndpointQueue* at = all_endpoints().front(); at != nullptr && (calls_served | numbers_minted) != 0;
         at = all_endpoints().next(*at))
        at->process_ended(*this);
    arch::activate_kernel_space();
    ledger_->close();
    forget_refusals(*this);
    end_orphans();
    if (pid_ != 0) process_ended(*this, exit_);
    Reaper::add(*this);
}

bool Process::go_on(Work& work) {
    if (references() == 0) {
        // Nobody can map anything any more.
        while (ended_ && page_tables_.exists() && !page_tables_.destroy(*this, kTablesInAStep)) {
            work.spend(kTablesInAStep * kPageWork);
            if (!work.left()) return false;
        }
        return true;
    }
    if (!ended_ || gone_) return true;
    if (!table_.clear(work) || !unmap_all(work)) return false;
    // Waiters may start it anew: what it let go of, and what that let go of, is given back first.
    if (rounds_++ < kRounds) {
        Reaper::add(*this);
        return true;
    }
    gone_ = true;
    while (CallRecord* waiter = waiters_.front()) answer_wait(*waiter);
    release();
    return true;
}

// All but rings: those go with their threads.
bool Process::unmap_all(Work& work) {
    for (Mapping* at = mappings_.front(); at != nullptr;) {
        Mapping& mapping = *at;
        at = mappings_.next(mapping);
        if (!mapping.use) continue;
        while (mapping.pages != 0) {
            if (!work.left()) return false;
            const std::uint64_t count = mapping.pages < kPagesInAStep ? mapping.pages : kPagesInAStep;
            work.spend(kStepWork + count * kPageWork);
            mapping.pages -= count;
            page_tables_.unmap(mapping.end(), count);
        }
        drop(mapping);
    }
    return true;
}

// What an ended process created goes with it. One after the other, never one inside the other: a process can be the
// last of a long line. The list is in order of creation, so creators come before what they created.
void Process::end_orphans() {
    static bool under_way = false;
    if (std::exchange(under_way, true)) return;
    for (Process* at = all_processes().front(); at != nullptr; at = all_processes().next(*at)) {
        if (at->ended_ || at->creator_pid_ == 0) continue;
        bool creator_lives = false;
        for (Process* other = all_processes().front(); other != at && !creator_lives; other = all_processes().next(*other))
            creator_lives = other->pid_ == at->creator_pid_ && !other->ended_;
        if (!creator_lives) at->end({.cause = schema::Process::WaitResults::Cause::killed});
    }
    under_way = false;
}

void Process::answer_wait(CallRecord& record) {
    Reply reply(record);
    auto results = reply.results<Interface::WaitResults>();
    results.set_cause(exit_.cause);
    results.set_status(exit_.status);
    results.set_vector(exit_.fault.vector);
    results.set_error_code(exit_.fault.error_code);
    results.set_address(exit_.fault.address);
    results.set_instruction(exit_.instruction);
    results.set_stack_pointer(exit_.stack_pointer);
    auto backtrace = results.init_backtrace(exit_.backtrace_depth);
    for (std::uint32_t i = 0; i < exit_.backtrace_depth; ++i) backtrace.set(i, exit_.backtrace[i]);
    reply.done();
}

}  // namespace capos::kernel
