// Threads and their rings.
#pragma once

#include "kernel/arch/arch.hpp"
#include "kernel/cap/object.hpp"
#include "abi/syscall.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "kernel/ring/thread_ring.hpp"
#include "kernel/sched/deadline.hpp"
#include "schema/process.capnp.hpp"

namespace capos::kernel {

class Process;

inline constexpr std::uint8_t kPriorities = 8;
inline constexpr std::uint8_t kDefaultPriority = 4;

struct RunQueueTag;
struct ProcessThreadsTag;

// One thread. It runs, waits for its turn, or waits in cap_enter; nowhere else.
class Thread final : public Object, public ListHook<RunQueueTag>, public ListHook<ProcessThreadsTag> {
public:
    using Interface = schema::Thread;
    enum class State : std::uint8_t { Ready, Running, Waiting, Stopped };

    // A thread of `process`, not yet ready. Its ring is mapped into the process. QuotaExceeded, OutOfMemory,
    // InvalidArgument (entry or stack outside user space).
    static Result<Ref<Thread>> create(Process& process, UserAddr entry, UserAddr stack, std::uint64_t argument,
                                      const RingShape& shape);

    // Takes it off every list; its outstanding calls are withdrawn. The object stays until its references are gone.
    void stop();
    // Makes a fresh thread ready.
    void start();
    // Waits in cap_enter until `min_complete` completions (more than are unread now, at most the completion queue's
    // size) are unread or `deadline_ns` has come.
    void wait(std::uint32_t min_complete, std::uint64_t deadline_ns);
    // A completion was posted: wakes the thread when that was what it waited for.
    void completion_posted() {
        if (state_ == State::Waiting) wake_if_enough();
    }

    arch::ThreadContext& context() { return context_; }
    Process& process() { return *process_; }
    ThreadRing& ring() { return ring_; }
    State state() const { return state_; }
    std::uint8_t priority() const { return priority_; }
    std::uint64_t cpu_ns() const { return cpu_ns_; }

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    Outcome info(TypedCall<Interface::InfoParams, Interface::InfoResults> call);
    Outcome set_priority(TypedCall<Interface::SetPriorityParams, Interface::SetPriorityResults> call);
    Outcome stop(TypedCall<Interface::StopParams, Interface::StopResults> call);

private:
    template <class T> friend class Slab;
    friend class Scheduler;
    Thread();
    ~Thread() = default;
    bool go_on(Work& work) override;
    void destroy() override;
    void wake_if_enough();
    void wake(std::uint64_t result);
    static void wait_deadline_reached(Deadline& deadline);

    arch::ThreadContext context_{};
    ThreadRing ring_;
    Process* process_ = nullptr;         // alive as long as it has threads
    struct WaitDeadline : Deadline {
        explicit WaitDeadline(Thread& owner) : Deadline(wait_deadline_reached), thread(owner) {}
        Thread& thread;
    };
    WaitDeadline wait_deadline_;
    std::uint32_t min_complete_ = 0;
    State state_ = State::Waiting;
    std::uint8_t priority_ = kDefaultPriority;
    std::uint64_t cpu_ns_ = 0;
    void* extended_state_ = nullptr;
    unsigned extended_order_ = 0;
};

}  // namespace capos::kernel
