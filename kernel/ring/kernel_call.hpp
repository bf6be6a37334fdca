// A call on an object that the kernel itself implements: the Context of the generated dispatch functions.
//
//   Outcome TimerObject::call(KernelCall& call) { return schema::Timer::dispatch(*this, call); }
//   Outcome TimerObject::sleep_until(TypedCall<SleepUntilParams, SleepUntilResults> call) {
//       if (...) return call.fail(Error::InvalidArgument, "deadline");
//       call.results().set_now(...);
//       return call.done();
//   }
// To answer later: `return call.park(waiters_, *this);` and on the event, for a record taken from the list:
//   Reply reply(record); reply.results<schema::Timer::SleepUntilResults>().set_now(...); reply.done();
// A Reply is built and finished without another Reply in between.
#pragma once

#include <optional>
#include <span>

#include "kernel/cap/object.hpp"
#include "kernel/ring/call_record.hpp"
#include "kernel/ring/delivery.hpp"
#include "lib/base/result.hpp"
#include "lib/wire/wire.hpp"

namespace capos::kernel {

class Process;
class Thread;
class Ledger;

inline constexpr std::size_t kKernelMessageBytes = 16 * 1024;   // largest message to or from a kernel object

// The answering half: of a running call or of a parked one.
class Reply {
public:
    explicit Reply(CallRecord& record);       // takes the record off its list
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;

    // Starts the answer; call it once and keep the builder.
    template <class Results>
    typename Results::Builder results() {
        return builder_.init_root<Results>();
    }
    // Adds a capability to the answer and says its index for the results' field. Bounded by what the caller accepts
    // (its slots are reserved), so a method that returns one can be refused: NoRoom.
    Result<wire::CapabilityIndex> give(Ref<Object> object, std::uint64_t interface_id);
    template <class T>
    Result<wire::CapabilityIndex> give(Ref<T> object) {
        const std::uint64_t id = object->interface_id();
        return give(Ref<Object>(std::move(object)), id);
    }

    // Bytes of message that fit the caller's buffer: for methods that must not take what they cannot hand over.
    std::uint32_t message_room() const {
        const auto list = static_cast<std::uint32_t>(answer_.accept_capabilities * sizeof(abi::ReceivedCapability));
        return answer_.capacity < list ? 0 : answer_.capacity - list;
    }
    // Capabilities that the answer can still carry.
    std::uint32_t capability_room() const { return answer_.accept_capabilities - gifts_.count; }
    Process& caller() const;                  // whose ledger pays and whose table receives
    Outcome done();                           // posts the completion with the results built so far
    // A local error goes out as an exception: memory or a table used up as Overloaded, out of bounds as InvalidArgument,
    // any other as Failed. `reason`: the argument, handle or object at fault.
    Outcome fail(Error cause, std::string_view reason = {});

    ~Reply();

protected:
    Reply(const AnswerBuffer& answer, std::uint64_t user_data, std::span<std::byte> scratch)
        : answer_(answer), user_data_(user_data), builder_(scratch) {
        gifts_.count = 0;
    }

    AnswerBuffer answer_;
    std::uint64_t user_data_;
    wire::MessageBuilder builder_;
    TransferSet gifts_;
    CallRecord* record_ = nullptr;            // of a parked call; given back with the completion
    bool succeeded_ = false;
};

template <class Params, class Results>
class TypedCall;

class KernelCall : public Reply {
public:
    using Outcome = kernel::Outcome;

    // `message` is a private copy. The references in `arguments` are this call's to end.
    KernelCall(ThreadRing& ring, const abi::Submission& submission, TransferSet& arguments,
               std::span<const std::byte> message, std::span<std::byte> scratch)
        : Reply({&ring, submission.buffer_offset, submission.buffer_capacity, submission.accept_capabilities},
                submission.user_data, scratch),
          submission_(submission), arguments_(arguments), message_(message) {}
    // Moved capabilities leave the sender when the call succeeded and go back to it otherwise; references are released.
    ~KernelCall();

    std::uint16_t method() const { return submission_.method; }

    template <class Params, class Results>
    std::optional<TypedCall<Params, Results>> open() {
        // Nothing is done for a caller that has no room to be told of it.
        if constexpr (Results::kDataWords + Results::kPointers != 0) {
            if (message_room() < (1 + Results::kDataWords + Results::kPointers) * wire::kWordBytes) {
                no_room_ = true;
                return std::nullopt;
            }
        }
        auto reader = wire::MessageReader::open(message_);
        if (!reader) return std::nullopt;
        auto root = reader->template root<Params>();
        if (!root) return std::nullopt;
        return TypedCall<Params, Results>(*this, *root);
    }
    // As Reply's; what was refused for lack of authority is said.
    [[gnu::cold]] Outcome fail(Error error, std::string_view reason = {});
    // Why open() gave nothing.
    Outcome malformed() { return no_room_ ? fail(Error::NoRoom) : fail(Error::MalformedMessage, "message"); }
    Outcome unimplemented() { return fail(Error::Unimplemented, "method"); }

    // The capability at `index` of the call, as the kernel's own T. InvalidArgument when absent or out of range;
    // WrongInterface otherwise. The reference is borrowed for the duration of the call.
    template <class T>
    Result<T*> argument(wire::CapabilityIndex index) const {
        const TransferSet::Item item = TRY(argument(index));
        T* object = kernel_object_as<T>(*item.object, item.interface_id);
        if (object == nullptr) return Error::WrongInterface;
        return object;
    }
    // Any capability, and the interface it was granted as.
    Result<TransferSet::Item> argument(wire::CapabilityIndex index) const;

    // Leaves the call waiting on `list`; `owner` is told if it is withdrawn. `detail` is for the owner.
    // `detail_deadline`: when the owner's own deadline_reached() shall be called, beside the submission's.
    Outcome park(List<CallRecord>& list, Object& owner, std::uint64_t detail = 0,
                 std::uint64_t detail_deadline = abi::kNoDeadline);

private:
    const abi::Submission& submission_;
    TransferSet& arguments_;
    std::span<const std::byte> message_;
    bool no_room_ = false;
};

// A call whose parameters have been validated.
template <class Params, class Results>
class TypedCall {
public:
    TypedCall(KernelCall& call, typename Params::Reader params) : call_(&call), params_(params) {}
    const typename Params::Reader& params() const { return params_; }
    typename Results::Builder results() { return call_->template results<Results>(); }
    KernelCall& raw() { return *call_; }
    Process& caller() const { return call_->caller(); }
    Outcome done() { return call_->done(); }
    Outcome fail(Error error, std::string_view reason = {}) { return call_->fail(error, reason); }
    template <class T>
    Result<wire::CapabilityIndex> give(Ref<T> object) { return call_->give(std::move(object)); }
    Outcome park(List<CallRecord>& list, Object& owner, std::uint64_t detail = 0,
                 std::uint64_t detail_deadline = abi::kNoDeadline) {
        return call_->park(list, owner, detail, detail_deadline);
    }

private:
    KernelCall* call_;
    typename Params::Reader params_;
};

}  // namespace capos::kernel
