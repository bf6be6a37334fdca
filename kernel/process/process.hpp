// A process: an address space, a capability table and a ledger, with threads in them.
#pragma once

#include <string_view>

#include "kernel/arch/arch.hpp"
#include "kernel/cap/object.hpp"
#include "kernel/cap/table.hpp"
#include "kernel/mem/ledger.hpp"
#include "kernel/object/memory_object.hpp"
#include "kernel/sched/thread.hpp"
#include "schema/process.capnp.hpp"

namespace capos::kernel {

inline constexpr std::uint32_t kMaxSlots = 4096;
inline constexpr std::uint64_t kMaxMappingPages = 16384;      // 64 MiB: mapped or unmapped in one go
inline constexpr std::size_t kProcessNameBytes = 32;
inline constexpr std::size_t kBacktraceDepth = 16;
// Where the kernel chooses addresses: the lowest free ones.
inline constexpr UserAddr kChosenFirst = 0x10'0000'0000;
inline constexpr UserAddr kChosenLimit = 0x4000'0000'0000;

struct ExitInfo {
    schema::Process::WaitResults::Cause cause{};
    std::int64_t status = 0;
    FaultInfo fault{};
    std::uint64_t instruction = 0;
    std::uint64_t stack_pointer = 0;
    std::uint64_t backtrace[kBacktraceDepth] = {};
    std::uint32_t backtrace_depth = 0;
};

struct AllProcessesTag;

// One mapping of a process's address space.
struct Mapping : ListHook<> {
    UserAddr address = 0;
    std::uint64_t pages = 0;
    MemoryUse use;                   // none for a ring, which only the thread's end unmaps
    std::uint64_t first_page = 0;    // in the object
    UserAddr end() const { return address + pages * kPageSize; }
};

class Process final : public Object, public ListHook<AllProcessesTag>, public arch::FrameSource {
public:
    using Interface = schema::Process;

    // A process without threads or memory, its ledger split off `parent`. QuotaExceeded, OutOfMemory,
    // InvalidArgument (name not 1..31 of [a-z0-9-], slots 0 or above kMaxSlots).
    // `creator_pid`: the process that dies takes the ones it created with it; 0 for none.
    static Result<Ref<Process>> create(Ledger& parent, std::string_view name, std::uint32_t creator_pid,
                                       std::uint64_t pages, std::uint64_t object_bytes, std::uint32_t slots);

    std::uint32_t pid() const { return pid_; }
    const ExitInfo& exit_info() const { return exit_; }
    std::string_view name() const { return {name_, name_length_}; }
    bool ended() const { return ended_; }
    Ledger& ledger() { return *ledger_; }
    CapabilityTable& table() { return table_; }
    arch::PageTables& page_tables() { return page_tables_; }

    // Maps `pages` of `object` from `first_page`. Address 0: the kernel chooses. OutOfBounds, AlreadyExists,
    // InvalidArgument (address misaligned or outside user space), Denied (writing a read-only object, or W^X: see
    // MemoryUse), QuotaExceeded.
    Result<UserAddr> map(MemoryObject& object, std::uint64_t first_page, std::uint64_t pages, UserAddr address,
                         Protection protection);
    // Exactly one earlier mapping. NotFound, Disconnected (the process has ended); protect also Denied.
    Result<void> unmap(UserAddr address, std::uint64_t pages);
    Result<void> protect(UserAddr address, std::uint64_t pages, Protection protection);
    // A thread's ring: contiguous frames that the kernel owns.
    Result<UserAddr> map_ring(PhysAddr frames, std::uint64_t pages);
    void unmap_ring(UserAddr address);

    Result<Ref<Thread>> start_thread(UserAddr entry, UserAddr stack, std::uint64_t argument, const RingShape& shape);
    void thread_ended(Thread& thread, std::int64_t status);
    // Ends it. At once: threads stopped, their calls withdrawn, what it received answered, what it created ended as well.
    // Then the reaper, in steps: capabilities released, memory unmapped, and once that is done waiters told.
    void end(const ExitInfo& info);

    // Contiguous frames charged to this process. QuotaExceeded, OutOfMemory.
    Result<PhysAddr> take_frames(unsigned order);
    void give_frames(PhysAddr frames, unsigned order);

    Result<PhysAddr> take_frame() override;          // zeroed, for page tables
    void give_frame(PhysAddr frame) override;

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    Outcome address_space(TypedCall<Interface::AddressSpaceParams, Interface::AddressSpaceResults> call);
    Outcome grant(TypedCall<Interface::GrantParams, Interface::GrantResults> call);
    Outcome start_thread(TypedCall<Interface::StartThreadParams, Interface::StartThreadResults> call);
    Outcome wait(TypedCall<Interface::WaitParams, Interface::WaitResults> call);
    Outcome kill(TypedCall<Interface::KillParams, Interface::KillResults> call);
    Outcome info(TypedCall<Interface::InfoParams, Interface::InfoResults> call);

    // Counters, for listings.
    std::uint64_t submissions = 0;
    std::uint64_t refusals = 0;
    std::uint32_t calls_outstanding = 0;
    std::uint64_t cpu_ns = 0;
    std::uint64_t started_ns = 0;

    // What its end has to find on endpoints; only they count.
    std::uint32_t calls_served = 0;              // received and not answered yet
    std::uint32_t numbers_minted = 0;            // those that go with it

    // What its lines in the log have cost so far (kernel/object/log.cpp).
    std::uint64_t log_paid_until_ns = 0;
    std::uint64_t log_refused = 0;               // since the last line that was taken

    std::uint32_t thread_count() const { return thread_count_; }
    List<Thread, ProcessThreadsTag>& threads() { return threads_; }

private:
    template <class T> friend class Slab;
    Process() = default;
    ~Process() = default;
    bool go_on(Work& work) override;
    void destroy() override;
    Result<UserAddr> place(UserAddr address, std::uint64_t pages) const;
    void keep(Mapping& mapping);
    void drop(Mapping& mapping);
    Mapping* find(UserAddr address, std::uint64_t pages);
    bool unmap_all(Work& work);
    void answer_wait(CallRecord& record);
    static void end_orphans();

    std::uint32_t pid_ = 0;
    std::uint32_t creator_pid_ = 0;
    bool has_table_ = false;
    class AddressSpaceObject* address_space_ = nullptr;   // not counted: both know of each other
    friend class AddressSpaceObject;
    char name_[kProcessNameBytes] = {};
    std::size_t name_length_ = 0;
    Ledger* ledger_ = nullptr;
    CapabilityTable table_;
    PhysAddr table_frames_{};
    unsigned table_order_ = 0;
    arch::PageTables page_tables_;
    List<Mapping> mappings_;                              // by address
    std::uint64_t mapping_count_ = 0;
    List<Thread, ProcessThreadsTag> threads_;
    std::uint32_t thread_count_ = 0;
    List<CallRecord> waiters_;
    ExitInfo exit_;
    bool ended_ = false;
    bool gone_ = false;                                   // it holds nothing any more, and waiters have been told
    std::uint32_t rounds_ = 0;                            // of the reaper since it let go of everything
};

// Called at the end of every process; the first one is started anew (kernel/process/init.cpp).
void process_ended(Process& process, const ExitInfo& info);

// Every process that has not been destroyed, in order of creation.
List<Process, AllProcessesTag>& all_processes();

}  // namespace capos::kernel
