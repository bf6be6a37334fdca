#include "kernel/sched/thread.hpp"

#include "kernel/mem/frames.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/process/process.hpp"
#include "kernel/sched/scheduler.hpp"

namespace capos::kernel {

namespace {

bool in_user_space(UserAddr address) { return address >= kUserFirst && address < kUserLimit; }

}  // namespace

Thread::Thread() : wait_deadline_(*this) {}

void Thread::wait_deadline_reached(Deadline& deadline) {
    Thread& thread = static_cast<WaitDeadline&>(deadline).thread;
    auto unread = thread.ring_.queues().unread();
    thread.wake(unread ? *unread : abi::kEnterBadRing);
}

void Thread::start() { Scheduler::make_ready(*this, false); }

Result<Ref<Thread>> Thread::create(Process& process, UserAddr entry, UserAddr stack, std::uint64_t argument,
                                   const RingShape& shape) {
    if (!in_user_space(entry) || !in_user_space(stack)) return Error::InvalidArgument;
    Thread* thread = TRY(Slab<Thread>::create(&process.ledger()));
    Ref<Thread> reference(*thread);
    thread->process_ = &process;
    process.retain();
    thread->extended_order_ = order_for(arch::extended_state_bytes());
    const PhysAddr extended = TRY(process.take_frames(thread->extended_order_));
    thread->extended_state_ = direct(extended);
    TRY(thread->ring_.create(*thread, process, shape));
    arch::context_start(thread->context_, entry, stack, argument, thread->ring_.user_address(),
                        thread->extended_state_);
    return reference;
}

bool Thread::go_on(Work& work) {
    if (references() == 0 && ring_.exists())            // its ring goes in one go
        work.spend(ring_.queues().shape().total_bytes() / kPageSize * kPageWork);
    return true;
}

void Thread::destroy() {
    stop();
    ring_.destroy();
    if (extended_state_ != nullptr)
        process_->give_frames(PhysAddr{reinterpret_cast<std::uint64_t>(extended_state_) - kDirectMapBase},
                              extended_order_);
    Process* process = process_;
    Slab<Thread>::destroy(this);
    process->release();
}

void Thread::stop() {
    if (state_ == State::Stopped) return;
    state_ = State::Stopped;
    cancel_deadline(wait_deadline_);
    Scheduler::remove(*this);
    ring_.close();
}

void Thread::wait(std::uint32_t min_complete, std::uint64_t deadline_ns) {
    min_complete_ = min_complete;
    state_ = State::Waiting;
    if (deadline_ns != abi::kNoDeadline) set_deadline(wait_deadline_, deadline_ns);
}

void Thread::wake_if_enough() {
    auto unread = ring_.queues().unread();
    if (!unread) return wake(abi::kEnterBadRing);
    if (*unread >= min_complete_) wake(*unread);
}

void Thread::wake(std::uint64_t result) {
    cancel_deadline(wait_deadline_);
    arch::context_set_result(context_, result);
    Scheduler::make_ready(*this, true);
}

Outcome Thread::call(KernelCall& call) { return Interface::dispatch(*this, call); }
void Thread::describe(TextWriter& out) const { out << "thread of " << process_->name(); }

Outcome Thread::info(TypedCall<Interface::InfoParams, Interface::InfoResults> call) {
    auto results = call.results();
    results.set_cpu_ns(cpu_ns_);
    results.set_priority(priority_);
    return call.done();
}

Outcome Thread::set_priority(TypedCall<Interface::SetPriorityParams, Interface::SetPriorityResults> call) {
    if (call.params().priority() >= kPriorities) return call.fail(Error::InvalidArgument, "priority");
    if (state_ != State::Stopped) Scheduler::priority_changed(*this, call.params().priority());
    return call.done();
}

Outcome Thread::stop(TypedCall<Interface::StopParams, Interface::StopResults> call) {
    auto outcome = call.done();
    if (state_ != State::Stopped) process_->thread_ended(*this, 0);
    return outcome;
}

}  // namespace capos::kernel
