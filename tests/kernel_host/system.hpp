// The kit that kernel tests are written with: a system with root objects, and users who submit and read completions.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abi/ring.hpp"
#include "abi/syscall.hpp"
#include "kernel/ipc/endpoint.hpp"
#include "kernel/ipc/notification.hpp"
#include "kernel/object/root_objects.hpp"
#include "kernel/process/process.hpp"
#include "kernel/sched/scheduler.hpp"
#include "tests/kernel_host/machine.hpp"

namespace capos::test {

class TestSystem;

struct UserOptions {
    std::uint64_t pages = 4096;
    std::uint64_t object_bytes = 256 * 1024;
    std::uint32_t slots = 64;
    std::uint32_t sq_entries = 64;
    std::uint32_t cq_entries = 64;
    std::uint32_t message_bytes = 128 * 1024;
};

struct Sent {
    abi::Handle handle;
    abi::TransferMode mode = abi::TransferMode::Copy;
};

struct CallOptions {
    std::uint16_t accept = 0;
    std::uint32_t capacity = 2048;               // of the message that may come back, beside the capability list
    std::uint64_t deadline = abi::kNoDeadline;
    std::vector<Sent> send = {};
};

// What came back for a call.
template <class Results>
struct Answer {
    Error status = Error::None;
    std::vector<abi::ReceivedCapability> capabilities;
    std::vector<std::byte> bytes;
    typename Results::Reader results;
    std::string reason;                          // of an exception

    explicit operator bool() const { return status == Error::None; }
    // The handle that a capability field of the results names.
    abi::Handle handle(wire::CapabilityIndex index) const {
        return index.has_value() && index.value() < capabilities.size() ? capabilities[index.value()].handle
                                                                        : abi::kNoHandle;
    }
};

// What a service received.
struct Request {
    Error status = Error::None;
    abi::RequestHeader header{};
    std::vector<abi::ReceivedCapability> capabilities;
    std::vector<std::byte> message;
    std::uint64_t call_id = 0;
};

using Bytes = std::vector<std::byte>;
Bytes bytes_of(std::string_view text);

// A message built by `fill(Params::Builder&)`.
template <class Params, class Fill>
Bytes message_of(Fill&& fill) {
    alignas(8) std::byte storage[8192];
    wire::MessageBuilder builder(storage);
    auto root = builder.init_root<Params>();
    fill(root);
    const auto message = builder.finish();
    if (!message) broken("a test's message does not fit");
    return Bytes(message->begin(), message->end());
}

// One thread as the program in it would act, and the ring's memory as that program sees it.
class Hand {
public:
    Hand(TestSystem& system, kernel::Thread& thread);

    kernel::Thread& thread() { return *thread_; }
    kernel::Process& process() { return thread_->process(); }

    // --- the bare ring
    abi::RingHeader& header() { return *header_; }
    std::byte* messages() { return messages_; }
    // Puts an entry into the submission queue; a user_data of 0 is replaced by a fresh one. Returns it.
    std::uint64_t push(abi::Submission entry);
    // cap_enter. The thread is made the running one first. Reads the completions unless it waits then.
    std::uint64_t enter(std::uint64_t min_complete = 0, std::uint64_t deadline = 0);
    // cap_enter that is expected to wait.
    void wait(std::uint64_t min_complete = 1, std::uint64_t deadline = abi::kNoDeadline);
    // exit.
    void exit(std::int64_t status);
    // A fault of the program.
    void fault(std::uint32_t vector, std::uint64_t address);
    // Makes it the running thread: the others give way.
    void run();
    bool running() const;
    bool runnable() const;
    // What cap_enter answered last.
    std::uint64_t result() { return thread_->context().rax; }

    // Consumes what the completion queue holds.
    void read_completions();
    // The completion of `user_data`, once.
    std::optional<abi::Completion> take(std::uint64_t user_data);
    std::size_t completions_read() const { return completed_; }
    std::deque<abi::Completion>& unclaimed() { return done_; }

    // A place in the message area, 8-byte aligned, apart from those of operations under way; kept until the next entry.
    std::uint32_t area(std::uint32_t bytes);

    // --- operations
    abi::Submission call_entry(abi::Handle handle, std::uint64_t interface_id, std::uint16_t method,
                               const Bytes& message, const CallOptions& options = {});
    // CALL, submitted but not entered.
    std::uint64_t begin_call(abi::Handle handle, std::uint64_t interface_id, std::uint16_t method, const Bytes& message,
                             const CallOptions& options = {}) {
        return push(call_entry(handle, interface_id, method, message, options));
    }
    // What a call that has completed brought.
    template <class Results>
    Answer<Results> finish(std::uint64_t call);
    bool completed(std::uint64_t user_data);

    // A call on a kernel object that completes at once.
    template <class Params, class Results, class Fill>
    Answer<Results> call(abi::Handle handle, std::uint64_t interface_id, std::uint16_t method, Fill&& fill,
                         const CallOptions& options = {}) {
        const std::uint64_t id = begin_call(handle, interface_id, method, message_of<Params>(fill), options);
        enter();
        return finish<Results>(id);
    }

    std::uint64_t begin_receive(abi::Handle endpoint, std::uint16_t accept = 0, std::uint32_t capacity = 1024,
                                std::uint64_t deadline = abi::kNoDeadline);
    Request finish_receive(std::uint64_t receive);
    // Receives what waits already.
    Request receive(abi::Handle endpoint, std::uint16_t accept = 0, std::uint32_t capacity = 1024);
    std::uint64_t begin_answer(abi::Handle endpoint, std::uint64_t call_id, const Bytes& message,
                               const std::vector<Sent>& send = {}, Error exception = Error::None);
    Error answer(abi::Handle endpoint, std::uint64_t call_id, const Bytes& message = {},
                 const std::vector<Sent>& send = {}, Error exception = Error::None);
    Error release(abi::Handle handle);
    std::uint64_t begin_cancel(std::uint64_t user_data);
    Error cancel(std::uint64_t user_data);

    // --- kernel objects; handles, or kNoHandle with `refused` saying why
    abi::Handle create_memory(std::uint64_t size);
    abi::Handle create_endpoint(std::string_view name, std::uint32_t in_flight = 16, std::uint32_t parked = 4);
    abi::Handle create_notification();
    abi::Handle mint(abi::Handle endpoint, std::uint64_t number, std::uint64_t interface_id, bool persistent = false);
    Error revoke(abi::Handle endpoint, std::uint64_t number);
    Error signal(abi::Handle notification, std::uint64_t bits);
    std::uint64_t begin_wait(abi::Handle notification, const CallOptions& options = {});
    kernel::UserAddr map(abi::Handle space, abi::Handle object, std::uint64_t offset, std::uint64_t size,
                         std::uint64_t address = 0,
                         schema::AddressSpace::Protection protection = schema::AddressSpace::Protection::read_write);
    Error refused = Error::None;

protected:
    std::vector<abi::ReceivedCapability> read_list(std::uint32_t offset, std::uint32_t count);

    struct Pending {
        std::uint32_t offset;                    // of the buffer
        std::uint32_t accept;
        std::uint32_t from, to;                  // all that the operation uses of the message area
    };
    TestSystem& system_;
    kernel::Thread* thread_;
    abi::RingHeader* header_;
    abi::Submission* submissions_;
    const abi::Completion* completions_;
    std::byte* messages_;
    kernel::RingShape shape_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> temporary_;   // places given out since the last entry
    std::uint64_t next_user_data_ = 1;
    std::uint64_t pushed_ = 0;
    std::uint64_t completed_ = 0;
    std::deque<abi::Completion> done_;
    std::map<std::uint64_t, Pending> pending_;
};

// A process with one thread, holding the factories.
class User : public Hand {
public:
    static std::unique_ptr<User> create(TestSystem& system, std::string_view name, const UserOptions& options);

    // Puts a capability into its table, as its starter would.
    abi::Handle grant(kernel::Object& object) { return grant(object, object.interface_id()); }
    abi::Handle grant(kernel::Object& object, std::uint64_t interface_id);
    // Copies a capability of another user's.
    abi::Handle grant_from(User& other, abi::Handle handle);
    kernel::Object& object(abi::Handle handle);

    // Killed from outside.
    void kill();
    kernel::Ref<kernel::Process> reference;      // keeps the process object; drop it to let it go
    std::uint32_t pid;

    abi::Handle memory_factory, endpoint_factory, notification_factory, process_factory, timer, address_space;

    User(TestSystem& system, kernel::Thread& thread, kernel::Ref<kernel::Process> process);
};

// One per test. At its end every process is ended, and everything must be as it was.
class TestSystem {
public:
    explicit TestSystem(std::uint64_t pages = 64 * 1024, std::uint64_t object_bytes = 16 << 20);
    ~TestSystem();
    TestSystem(const TestSystem&) = delete;

    User& user(std::string_view name, const UserOptions& options = {});
    // As user(), or null with `refused` saying why.
    User* try_user(std::string_view name, const UserOptions& options = {});
    Error refused = Error::None;
    kernel::Ledger& ledger() { return *ledger_; }
    // Ends every user's process and lets go of it.
    void end_all();
    // What is not as it was at the start; empty when all is.
    std::string leftovers();

private:
    std::vector<std::unique_ptr<User>> users_;
    kernel::Ledger* ledger_;
    std::uint64_t used_before_;
    std::uint64_t cells_before_;
};

template <class Results>
Answer<Results> Hand::finish(std::uint64_t call) {
    const auto completion = take(call);
    if (!completion) broken("a call has not completed");
    const Pending place = pending_.at(call);
    pending_.erase(call);
    Answer<Results> answer;
    answer.status = static_cast<Error>(completion->status);
    answer.capabilities = read_list(place.offset, completion->capabilities);
    const std::byte* from = messages_ + place.offset + place.accept * sizeof(abi::ReceivedCapability);
    answer.bytes.assign(from, from + completion->message_length);
    if (auto reader = wire::MessageReader::open(answer.bytes)) {
        if (is_exception(answer.status)) {
            if (answer.bytes.size() > 16) answer.reason = reinterpret_cast<const char*>(answer.bytes.data()) + 16;
        } else if (auto root = reader->template root<Results>()) {
            answer.results = *root;
        }
    }
    return answer;
}

}  // namespace capos::test
