// A thread's ring as the kernel holds it: the queues, and a record for every place in the completion queue.
#pragma once

#include "kernel/arch/arch.hpp"
#include "kernel/ring/call_record.hpp"
#include "kernel/ring/queues.hpp"

namespace capos::kernel {

class Process;
class Thread;

class ThreadRing {
public:
    // Takes frames for ring and records on the process's ledger and maps the ring there. QuotaExceeded, OutOfMemory.
    Result<void> create(Thread& thread, Process& process, const RingShape& shape);
    // Withdraws every outstanding call. Nothing is posted any more.
    void close();
    // Unmaps and gives the frames back; close() came first.
    void destroy();

    // Takes submissions until the queue is empty or no completion place is left: true. False when it stopped because
    // that was much work already; the thread shall come again. BadQueueIndex leaves the rest.
    Result<bool> drain();

    CallRecord& take_record();                       // cannot fail: the place was reserved
    void give_record(CallRecord& record);

    // Posts into the reserved place and wakes the thread if it waited for that.
    void complete(std::uint64_t user_data, Error status, std::uint32_t message_length = 0,
                  std::uint16_t capabilities = 0, std::uint64_t call_id = 0);
    // The record's own completion: ends its deadline, its slot reservation and its transfers, gives it back.
    void complete(CallRecord& record, Error status, std::uint32_t message_length = 0, std::uint16_t capabilities = 0,
                  std::uint64_t call_id = 0);

    bool exists() const { return records_ != nullptr; }
    RingQueues& queues() { return queues_; }
    Process& process() const { return *process_; }
    Thread& thread() const { return *thread_; }
    UserAddr user_address() const { return user_address_; }
    std::uint32_t outstanding() const { return outstanding_; }

private:
    void submit(const abi::Submission& entry);
    [[gnu::noinline]] void nop(const abi::Submission& entry);
    void call(const abi::Submission& entry);
    void receive(const abi::Submission& entry);
    void answer(const abi::Submission& entry);
    [[gnu::noinline]] void release(const abi::Submission& entry);
    [[gnu::noinline]] void cancel(const abi::Submission& entry);
    [[gnu::cold]] void refuse(const abi::Submission& entry, Error error);
    // Takes the capabilities a submission sends. Either all are held (moves in transit) or none.
    Result<void> gather(const abi::Submission& entry, TransferSet& out);
    CallRecord* outstanding_call(std::uint64_t user_data);

    RingQueues queues_;
    Thread* thread_ = nullptr;
    Process* process_ = nullptr;
    CallRecord* records_ = nullptr;
    CallRecord* first_free_ = nullptr;
    UserAddr user_address_ = 0;
    PhysAddr frames_{};
    PhysAddr record_frames_{};
    unsigned frames_order_ = 0;
    unsigned records_order_ = 0;
    std::uint32_t outstanding_ = 0;
    bool open_ = false;
};

// Gives a set up undone: copies are released, moves restored in `sender`'s table.
void undo_transfer(TransferSet& set, Process& sender);

// The last ring operations of the machine, for the panic block.
void trace_operation(const abi::Submission& entry, std::uint32_t pid);

}  // namespace capos::kernel
