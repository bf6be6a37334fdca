// Making calls: rt::call and what it gives. Generated clients (schema/*.client.hpp) are thin typed wrappers around it.
//
//   Result<rt::Reply<R>> reply = co_await timer.sleep_until(deadline);
//   if (!reply) ...                                     // transport status, exception or local error
//   (*reply)->now()                                     // a field of the results
//   reply->take<schema::MemoryObject>((*reply)->page()) // a capability that came with them
//
// A call is under way as soon as it is made; co_await takes its result. So several calls made before the first
// co_await run side by side. Destroying the awaitable cancels the call.
#pragma once

#include <cstring>
#include <span>
#include <utility>

#include "abi/ring.hpp"
#include "lib/base/result.hpp"
#include "lib/wire/wire.hpp"
#include "runtime/handle.hpp"
#include "runtime/ring_client.hpp"

namespace capos::rt {

// Interface tag -> generated client; specialised by schema/*.client.hpp.
template <class Interface>
struct ClientFor;

struct CallOptions {
    std::uint32_t reply_bytes = 1024;                     // room for the results' message
    std::uint64_t deadline = abi::kNoDeadline;            // absolute, nanoseconds since boot
    std::uint32_t send_bytes = 0;                         // room for the parameters; 0: found by trying
};

// The capabilities that go out with one message.
class Outgoing {
public:
    Outgoing() = default;
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;
    ~Outgoing() {
        if (count_ != 0) drop();
    }

    // Its place for the message's field; none for an empty Sent or when kMaxMessageCapabilities are there already.
    wire::CapabilityIndex add(Sent sent);
    std::uint32_t count() const { return count_; }

    // For rt: a message that did not fit is filled anew, with the capabilities that were added the first time.
    void replay() { replayed_ = 0; replaying_ = true; }
    // Writes the list; ownership passes to the submission.
    void write(std::byte* list);
    void drop();

private:
    abi::SentCapability list_[abi::kMaxMessageCapabilities] = {};
    std::uint32_t asked_ = 0;       // calls of add, also without effect
    std::uint32_t count_ = 0;
    std::uint32_t replayed_ = 0;
    std::uint8_t index_of_[2 * abi::kMaxMessageCapabilities] = {};   // for each add: place + 1, or 0 for none
    bool replaying_ = false;
};

namespace detail {

// Capabilities that came with a message: each is taken once, the rest are released. The list stays where it is (in the
// message's buffer or a copy) and must outlive this.
class ReceivedList {
public:
    ReceivedList() = default;
    ReceivedList(std::byte* list, std::uint32_t count)
        : list_(list), count_(count < abi::kMaxMessageCapabilities ? count : abi::kMaxMessageCapabilities) {}
    ReceivedList(ReceivedList&& other) noexcept : list_(other.list_), count_(std::exchange(other.count_, 0)) {}
    ReceivedList& operator=(ReceivedList&&) = delete;
    ~ReceivedList() {
        if (count_ != 0) [[unlikely]] ring_client().release_received(list_, count_);
    }

    // InvalidArgument: the field is null, names no capability of this message or one that was taken already.
    // WrongInterface: it was granted as another interface.
    Result<Handle> take(wire::CapabilityIndex index, std::uint64_t interface_id);
    // With whatever interface it was granted as.
    Result<Handle> take_any(wire::CapabilityIndex index, std::uint64_t* interface_id);

private:
    std::byte* list_ = nullptr;      // abi::ReceivedCapability[count_]; taken ones have handle 0
    std::uint32_t count_ = 0;
};

// A block of the message area, owned.
class OwnedBlock {
public:
    OwnedBlock() = default;
    explicit OwnedBlock(AreaBlock block) : block_(block) {}
    OwnedBlock(OwnedBlock&& other) noexcept : block_(std::exchange(other.block_, AreaBlock{})) {}
    OwnedBlock& operator=(OwnedBlock&& other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~OwnedBlock() {
        if (block_) ring_client().free(block_);
    }
    AreaBlock get() const { return block_; }
    AreaBlock detach() { return std::exchange(block_, AreaBlock{}); }

private:
    AreaBlock block_;
};

// The part of a call that does not depend on its types.
class CallOperation : public Operation {
public:
    struct Target {
        abi::Handle handle;
        std::uint64_t interface_id;
        std::uint16_t method;
        std::uint16_t accept_capabilities;
    };

protected:
    // Room for the message at attempt 0, 1, ...; 0: no larger message is allowed.
    static std::uint32_t attempt_bytes(const CallOptions& options, unsigned attempt);
    void start(const Target& target, const CallOptions& options, Outgoing& outgoing, OwnedBlock block,
               std::span<const std::byte> message);
    std::span<const std::byte> reply_message(AreaBlock incoming) const;
    std::uint16_t accepted_ = 0;
};

}  // namespace detail

// The results of a call that was answered, with the buffer they stand in.
template <class R>
class Reply {
public:
    const typename R::Reader* operator->() const { return &reader_; }
    const typename R::Reader& operator*() const { return reader_; }
    const typename R::Reader& results() const { return reader_; }

    // The capability that a field names, as a typed client. InvalidArgument: none, or taken already; WrongInterface.
    template <class Interface>
    Result<typename ClientFor<Interface>::type> take(wire::CapabilityIndex index) {
        return typename ClientFor<Interface>::type(TRY(received_.take(index, Interface::kInterfaceId)));
    }
    // The capability that a field of no stated interface names.
    Result<Handle> take_any(wire::CapabilityIndex index, std::uint64_t* interface_id = nullptr) {
        return received_.take_any(index, interface_id);
    }

private:
    template <class>
    friend class Call;
    Reply(detail::OwnedBlock block, detail::ReceivedList received, const typename R::Reader& reader)
        : block_(std::move(block)), received_(std::move(received)), reader_(reader) {}

    detail::OwnedBlock block_;
    detail::ReceivedList received_;
    typename R::Reader reader_;
};

// A call under way; co_await it once.
template <class R>
class [[nodiscard]] Call final : detail::CallOperation {
public:
    using detail::CallOperation::Target;

    template <class P, class Fill>
    Call(std::in_place_type_t<P>, const Target& target, const CallOptions& options, Fill&& fill) {
        Outgoing outgoing;
        unsigned attempt = 0;
        while (!try_to_start<P>(target, options, outgoing, fill, attempt)) {
            outgoing.replay();
            ++attempt;
        }
    }

    bool await_ready() const { return completed(); }
    void await_suspend(std::coroutine_handle<> waiter) { wait_with(waiter); }
    // Transport status, exception or local error; MalformedMessage when the results do not parse.
    Result<Reply<R>> await_resume() {
        if (status() != Error::None) return status();
        detail::OwnedBlock block(take_incoming());
        detail::ReceivedList received(ring_client().at(block.get()), completion().capabilities);
        auto message = wire::MessageReader::open(reply_message(block.get()));
        if (!message) return message.error();
        auto reader = message->template root<R>();
        if (!reader) return reader.error();
        return Reply<R>(std::move(block), std::move(received), *reader);
    }

private:
    // False: the message did not fit and a larger buffer may be tried.
    template <class P, class Fill>
    bool try_to_start(const Target& target, const CallOptions& options, Outgoing& outgoing, Fill& fill,
                      unsigned attempt) {
        const std::uint32_t room = attempt_bytes(options, attempt);
        if (room == 0) {
            this->fail(Error::Overflow);
            return true;
        }
        auto allocated = ring_client().allocate(room + sizeof(abi::SentCapability) * abi::kMaxMessageCapabilities);
        if (!allocated) {
            this->fail(allocated.error());
            return true;
        }
        detail::OwnedBlock block(*allocated);
        wire::MessageBuilder builder(ring_client().bytes(block.get()).first(room));
        auto params = builder.template init_root<P>();
        fill(params, outgoing);
        auto message = builder.finish();
        if (!message) return false;
        this->start(target, options, outgoing, std::move(block), *message);
        return true;
    }
};

// Calls `method` of the interface on `target`. `fill(P::Builder&, Outgoing&)` writes the parameters; it may run more
// than once when they are large, and must write the same each time.
template <class P, class R, class Fill>
Call<R> call(const Client& target, std::uint64_t interface_id, std::uint16_t method, std::uint16_t accept_capabilities,
             const CallOptions& options, Fill&& fill) {
    return Call<R>(std::in_place_type<P>, {target.raw(), interface_id, method, accept_capabilities}, options,
                   std::forward<Fill>(fill));
}

}  // namespace capos::rt
