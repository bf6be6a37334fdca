#include "runtime/server.hpp"

#include <memory>
#include <new>

#include "runtime/event.hpp"
#include "runtime/log.hpp"

namespace capos::rt {

Error as_exception(Error error) {
    if (is_exception(error)) return error;
    switch (error) {
    case Error::OutOfMemory:
    case Error::Exhausted:
    case Error::QuotaExceeded:
    case Error::NoSlots:
    case Error::NoRoom:
    case Error::Overflow:
    case Error::Busy:
    case Error::WouldBlock:
        return Error::Overloaded;
    case Error::Malformed:
    case Error::MalformedMessage:
    case Error::OutOfBounds:
    case Error::TooDeep:
    case Error::WrongInterface:
        return Error::InvalidArgument;
    case Error::Closed:
    case Error::CallerGone:
        return Error::Disconnected;
    case Error::Unsupported:
        return Error::Unimplemented;
    default:
        return Error::Failed;
    }
}

// --- Request ---

Request::Request(abi::Handle endpoint, const abi::Completion& completion, std::uint16_t accepted,
                 detail::OwnedBlock& buffer)
    : endpoint_(endpoint), call_id_(completion.call_id),
      received_(reinterpret_cast<std::byte*>(capabilities_), completion.capabilities) {
    const std::byte* bytes = ring_client().at(buffer.get());
    std::memcpy(&header_, bytes, sizeof header_);
    for (std::uint32_t i = 0; i < completion.capabilities && i < abi::kMaxMessageCapabilities; ++i)
        std::memcpy(&capabilities_[i], bytes + sizeof header_ + i * sizeof capabilities_[0], sizeof capabilities_[0]);
    const std::uint32_t before = sizeof(abi::RequestHeader) + accepted * sizeof(abi::ReceivedCapability);
    const std::uint32_t room = buffer.get().size - before;
    const std::uint32_t length = completion.message_length < room ? completion.message_length : room;
    if (length <= kCopiedBytes) {
        std::memcpy(copied_, bytes + before, length);
        message_ = {copied_, length};
    } else {
        message_block_ = std::move(buffer);
        message_ = {bytes + before, length};
    }
}

Request::~Request() {
    if (call_id_ != 0) answer(Error::Disconnected);
}

namespace {
Request::Outcome answer_with(Error error) { co_return error; }
}  // namespace

Request::Outcome Request::malformed() { return answer_with(Error::InvalidArgument); }
Request::Outcome Request::unimplemented() { return answer_with(Error::Unimplemented); }

wire::MessageBuilder& Request::start_results(std::uint32_t bytes) {
    const std::uint32_t room = (bytes + 7) & ~7u;
    auto block = ring_client().allocate(room + sizeof(abi::SentCapability) * abi::kMaxMessageCapabilities);
    if (block) {
        results_block_ = detail::OwnedBlock(*block);
        builder_.emplace(ring_client().bytes(*block).first(room));
    } else {
        builder_.emplace(std::span<std::byte>());
        builder_->mark_overflow();
    }
    return *builder_;
}

void Request::answer(const Result<void>& outcome) {
    abi::Submission submission{};
    submission.operation = abi::Operation::Return;
    submission.handle = endpoint_;
    submission.interface_or_call = std::exchange(call_id_, 0);
    Error error = outcome ? Error::None : as_exception(outcome.error());
    if (error == Error::None && builder_) {
        if (auto message = builder_->finish())
            submission.message_length = static_cast<std::uint32_t>(message->size());
        else
            error = Error::Overloaded;
    }
    AreaBlock block;
    if (error != Error::None) {
        submission.flags = abi::kReturnException;
        submission.method = static_cast<std::uint16_t>(error);
        submission.message_length = 0;
        outgoing_.drop();
    } else {
        block = results_block_.detach();
        if (submission.message_length != 0) submission.message_offset = block.offset;
        if (outgoing_.count() != 0 && block) {
            submission.capability_offset = block.offset + submission.message_length;
            submission.send_capabilities = static_cast<std::uint16_t>(outgoing_.count());
            outgoing_.write(ring_client().at(block) + submission.message_length);
        }
    }
    // Returns have completion places of their own and never fail for room.
    if (auto sent = ring_client().submit_detached(submission, {block, {}}); !sent) ring_client().free(block);
}

// --- serve ---

namespace {

// One RECEIVE, armed again and again.
class Receive final : Operation {
public:
    Receive(abi::Handle endpoint, std::uint16_t accept, AreaBlock buffer) {
        abi::Submission submission{};
        submission.operation = abi::Operation::Receive;
        submission.accept_capabilities = accept;
        submission.handle = endpoint;
        submission.buffer_offset = buffer.offset;
        submission.buffer_capacity = buffer.size;
        submission.deadline = abi::kNoDeadline;
        submit(submission, {{}, buffer});
    }
    bool await_ready() const { return completed(); }
    void await_suspend(std::coroutine_handle<> waiter) { wait_with(waiter); }
    Error await_resume() { return status(); }
    const abi::Completion& result() const { return completion(); }
    detail::OwnedBlock take_buffer() { return detail::OwnedBlock(take_incoming()); }
};

struct Service {
    abi::Handle endpoint;
    Router& router;
    ServeOptions options;
    Event ended;
    Error reason = Error::None;

    std::uint32_t buffer_bytes() const {
        return sizeof(abi::RequestHeader) + options.accept_capabilities * sizeof(abi::ReceivedCapability) +
               options.buffer_bytes;
    }
};

// Takes the request out of `buffer` before its first wait.
Task<void> handle(abi::Handle endpoint, Router& router, const abi::Completion& completion, std::uint16_t accepted,
                  detail::OwnedBlock& buffer) {
    Request request(endpoint, completion, accepted, buffer);
    request.answer(co_await router.route(request));
}

// For a call that cannot even be given to a handler.
void refuse(const Service& service, const abi::Completion& completion, const detail::OwnedBlock& buffer) {
    abi::Submission submission{};
    submission.operation = abi::Operation::Return;
    submission.flags = abi::kReturnException;
    submission.method = static_cast<std::uint16_t>(Error::Overloaded);
    submission.handle = service.endpoint;
    submission.interface_or_call = completion.call_id;
    ring_client().release_received(ring_client().at(buffer.get()) + sizeof(abi::RequestHeader),
                                   completion.capabilities);
    (void)ring_client().submit_detached(submission, {});
}

void deliver(Service& service, const abi::Completion& completion, detail::OwnedBlock& buffer) {
    abi::RequestHeader header;
    std::memcpy(&header, ring_client().at(buffer.get()), sizeof header);
    if (header.kind == abi::RequestKind::Released) return service.router.released(header.number);
    Task<void> task =
        handle(service.endpoint, service.router, completion, service.options.accept_capabilities, buffer);
    if (!task.valid()) return refuse(service, completion, buffer);
    std::move(task).start_detached();
}

bool may_pass(Error error) {
    return error == Error::NoSlots || error == Error::QuotaExceeded || error == Error::Overloaded ||
           error == Error::Busy;
}

Task<void> receive_loop(Service& service) {
    constexpr std::uint64_t kPause = 5 * kMillisecond;
    detail::OwnedBlock buffer;
    for (;;) {
        if (!buffer.get()) {
            auto fresh = ring_client().allocate(service.buffer_bytes());
            if (!fresh) {
                co_await sleep_for(kPause);
                continue;
            }
            buffer = detail::OwnedBlock(*fresh);
        }
        Error status;
        {
            Receive receive(service.endpoint, service.options.accept_capabilities, buffer.detach());
            status = co_await receive;
            buffer = receive.take_buffer();
            if (status == Error::None) deliver(service, receive.result(), buffer);
        }
        if (status == Error::None) continue;
        if (may_pass(status)) {
            co_await sleep_for(kPause);
            continue;
        }
        service.reason = status;
        service.ended.signal();
        co_return;
    }
}

}  // namespace

Task<Result<void>> serve(const Client& endpoint, Router& router, ServeOptions options) {
    Service service{endpoint.raw(), router, options, {}, Error::None};
    std::unique_ptr<Task<void>[]> loops(new (std::nothrow) Task<void>[options.receives]);
    if (!loops) co_return Error::OutOfMemory;
    for (std::uint16_t i = 0; i < options.receives; ++i) {
        loops[i] = receive_loop(service);
        if (!loops[i].valid()) co_return Error::OutOfMemory;
        loops[i].start();
    }
    co_await service.ended;
    co_return service.reason;
}

}  // namespace capos::rt
