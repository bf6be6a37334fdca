#include "tests/unit/runtime/fake_kernel.hpp"

#include <cstdio>
#include <cstdlib>

#include "runtime/log.hpp"
#include "runtime/system_call.hpp"

namespace capos::test {

namespace {
FakeKernel* the_kernel = nullptr;
}

FakeKernel* current_kernel() { return the_kernel; }

FakeKernel::FakeKernel(std::uint32_t sq_entries, std::uint32_t cq_entries, std::uint32_t message_bytes) {
    const auto shape = *kernel::RingShape::create(sq_entries, cq_entries, message_bytes);
    memory_.resize(shape.total_bytes() + 4096);
    const auto start = reinterpret_cast<std::uintptr_t>(memory_.data());
    ring_ = reinterpret_cast<std::byte*>((start + 4095) & ~std::uintptr_t{4095});
    queues_.create(ring_, shape);
    the_kernel = this;
    EXPECT_TRUE(rt::ring_client().create(ring_).has_value());
    rt::detail::set_log(0);
}

FakeKernel::~FakeKernel() {
    EXPECT_EQ(rt::ring_client().area().used_bytes(), parked_.empty() ? 0u : rt::ring_client().area().used_bytes())
        << "message area leaked";
    the_kernel = nullptr;
}

void FakeKernel::complete(const abi::Submission& submission, Error status, std::uint32_t message_length,
                          std::uint16_t capabilities, std::uint64_t call_id) {
    std::erase_if(parked_, [&](const abi::Submission& other) { return other.user_data == submission.user_data; });
    abi::Completion completion{};
    completion.user_data = submission.user_data;
    completion.status = static_cast<std::uint16_t>(status);
    completion.message_length = message_length;
    completion.capabilities = capabilities;
    completion.call_id = call_id;
    queues_.post(completion);
}

void FakeKernel::reply(const abi::Submission& submission, std::span<const std::byte> bytes,
                       std::vector<abi::ReceivedCapability> capabilities) {
    auto buffer = message(submission.buffer_offset, submission.buffer_capacity);
    const std::size_t list = submission.accept_capabilities * sizeof(abi::ReceivedCapability);
    ASSERT_LE(capabilities.size(), submission.accept_capabilities);
    ASSERT_LE(list + bytes.size(), buffer.size());
    if (!capabilities.empty()) std::memcpy(buffer.data(), capabilities.data(), capabilities.size() * sizeof capabilities[0]);
    if (!bytes.empty()) std::memcpy(buffer.data() + list, bytes.data(), bytes.size());
    complete(submission, Error::None, static_cast<std::uint32_t>(bytes.size()),
             static_cast<std::uint16_t>(capabilities.size()));
}

void FakeKernel::deliver(const abi::Submission& receive, const abi::RequestHeader& header,
                         std::span<const std::byte> bytes, std::uint64_t call_id,
                         std::vector<abi::ReceivedCapability> capabilities) {
    auto buffer = message(receive.buffer_offset, receive.buffer_capacity);
    const std::size_t list = receive.accept_capabilities * sizeof(abi::ReceivedCapability);
    ASSERT_LE(sizeof header + list + bytes.size(), buffer.size());
    std::memcpy(buffer.data(), &header, sizeof header);
    if (!capabilities.empty())
        std::memcpy(buffer.data() + sizeof header, capabilities.data(), capabilities.size() * sizeof capabilities[0]);
    if (!bytes.empty()) std::memcpy(buffer.data() + sizeof header + list, bytes.data(), bytes.size());
    complete(receive, Error::None, static_cast<std::uint32_t>(bytes.size()),
             static_cast<std::uint16_t>(capabilities.size()), call_id);
}

abi::Submission FakeKernel::parked(abi::Operation operation, std::size_t index) const {
    for (const abi::Submission& submission : parked_)
        if (submission.operation == operation && index-- == 0) return submission;
    ADD_FAILURE() << "nothing of that operation is parked";
    return {};
}

std::size_t FakeKernel::parked_count(abi::Operation operation) const {
    std::size_t count = 0;
    for (const abi::Submission& submission : parked_)
        if (submission.operation == operation) ++count;
    return count;
}

std::vector<abi::SentCapability> FakeKernel::sent(const abi::Submission& submission) {
    std::vector<abi::SentCapability> list(submission.send_capabilities);
    if (list.empty()) return list;
    auto bytes = message(submission.capability_offset, static_cast<std::uint32_t>(list.size() * sizeof list[0]));
    std::memcpy(list.data(), bytes.data(), bytes.size());
    return list;
}

void FakeKernel::take_all() {
    for (;;) {
        const auto waiting = queues_.submissions();
        ASSERT_TRUE(waiting.has_value()) << "sq_tail out of range";
        if (*waiting == 0) return;
        const auto reserved = queues_.reserve();
        ASSERT_TRUE(reserved.has_value()) << "cq_head out of range";
        ASSERT_TRUE(*reserved) << "more submissions than completion places";
        const abi::Submission submission = queues_.take_submission();
        switch (submission.operation) {
        case abi::Operation::Nop:
            complete(submission, Error::None);
            break;
        case abi::Operation::Release:
            released.push_back(submission.handle);
            complete(submission, Error::None);
            break;
        case abi::Operation::Return: {
            returned.push_back(submission);
            auto bytes = message(submission.message_offset, submission.message_length);
            returned_messages.emplace_back(bytes.begin(), bytes.end());
            complete(submission, return_status);
            break;
        }
        case abi::Operation::Cancel: {
            cancelled.push_back(submission.interface_or_call);
            std::optional<abi::Submission> victim;
            for (const abi::Submission& other : parked_)
                if (other.user_data == submission.interface_or_call) victim = other;
            if (victim) complete(*victim, Error::Cancelled);
            complete(submission, victim ? Error::None : Error::NoSuchCall);
            break;
        }
        default:
            parked_.push_back(submission);
            if (script && script(submission))
                std::erase_if(parked_, [&](const auto& other) { return other.user_data == submission.user_data; });
        }
    }
}

std::uint64_t FakeKernel::enter(std::uint32_t min_complete, std::uint64_t deadline) {
    entered.push_back({min_complete, deadline});
    take_all();
    if (*queues_.unread() < min_complete) {
        if (idle) idle();
        if (*queues_.unread() < min_complete) {
            if (deadline == abi::kNoDeadline) {
                std::fprintf(stderr, "the thread waits for ever\n");
                std::abort();
            }
            time = deadline;
        }
    }
    return *queues_.unread();
}

void run(rt::Task<void> task) { rt::executor().run(std::move(task)); }

}  // namespace capos::test

namespace capos::rt {

std::uint64_t cap_enter(std::uint32_t min_complete, std::uint64_t deadline_ns) {
    return test::current_kernel()->enter(min_complete, deadline_ns);
}

void exit_thread(std::int64_t status) { std::exit(static_cast<int>(status)); }

}  // namespace capos::rt

extern "C" void capos_abort(const char* message) noexcept {
    std::fprintf(stderr, "abort: %s\n", message);
    std::abort();
}
