// A pretended kernel: takes submissions off the ring with the kernel's own queue code, keeps them, and completes them
// when the test says so or a script answers.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "abi/ring.hpp"
#include "kernel/ring/queues.hpp"
#include "runtime/executor.hpp"
#include "runtime/ring_client.hpp"

namespace capos::test {

struct Entered {
    std::uint32_t min_complete;
    std::uint64_t deadline;
};

class FakeKernel {
public:
    explicit FakeKernel(std::uint32_t sq_entries = 8, std::uint32_t cq_entries = 8, std::uint32_t message_bytes = 65536);
    ~FakeKernel();

    // Called for each submission that is taken. Returns true when it answered; else the submission is parked. Releases,
    // Cancels, Returns and Nops are carried out before a script is asked.
    std::function<bool(const abi::Submission&)> script;
    // Called when the thread would wait with nothing to wake it: complete something, or the test has hung.
    std::function<void()> idle;

    void complete(const abi::Submission& submission, Error status, std::uint32_t message_length = 0,
                  std::uint16_t capabilities = 0, std::uint64_t call_id = 0);
    // Writes a reply: capabilities, then the message, into the submission's buffer; and completes it.
    void reply(const abi::Submission& submission, std::span<const std::byte> message,
               std::vector<abi::ReceivedCapability> capabilities = {});
    // Writes a request into a parked RECEIVE and completes it.
    void deliver(const abi::Submission& receive, const abi::RequestHeader& header, std::span<const std::byte> message,
                 std::uint64_t call_id, std::vector<abi::ReceivedCapability> capabilities = {});

    // The parked submission of an operation; fails the test when there is none.
    abi::Submission parked(abi::Operation operation, std::size_t index = 0) const;
    std::size_t parked_count(abi::Operation operation) const;
    std::span<std::byte> message(std::uint32_t offset, std::uint32_t length) { return *queues_.message(offset, length); }
    std::vector<abi::SentCapability> sent(const abi::Submission& submission);

    std::uint64_t enter(std::uint32_t min_complete, std::uint64_t deadline);

    std::vector<abi::Handle> released;
    std::vector<abi::Submission> returned;
    std::vector<std::vector<std::byte>> returned_messages;
    std::vector<std::uint64_t> cancelled;
    std::vector<Entered> entered;
    std::uint64_t time = 0;          // moves to the deadline when the thread waits for one
    Error return_status = Error::None;

private:
    void take_all();

    std::vector<std::byte> memory_;
    std::byte* ring_ = nullptr;
    kernel::RingQueues queues_;
    std::vector<abi::Submission> parked_;
};

FakeKernel* current_kernel();

// Runs a task to its end on the executor. Fails the test when nothing moves any more.
void run(rt::Task<void> task);

}  // namespace capos::test
