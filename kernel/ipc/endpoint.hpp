// Endpoints: where a service receives calls. Three kinds of object share one queue:
//
//   Endpoint            what the service (and init) holds: receive, answer, mint
//   EndpointReference   what a client holds: call. One per minted number; also that number's release notice
//   EndpointQueue       what both refer to; closed when no Endpoint is left
//
// A parked call stays in its caller's message area and is copied once, when a receiver takes it. Numbers with parked
// calls are served round-robin, and a release notice takes its turn among them. A number may have as many calls in
// flight as places are left for others: however many of them hold on to theirs, abandoned ones included, one that has
// none gets one.
#pragma once

#include <span>
#include <string_view>

#include "kernel/arch/arch.hpp"
#include "kernel/cap/object.hpp"
#include "kernel/mem/ledger.hpp"
#include "kernel/ring/call_record.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "schema/ipc.capnp.hpp"

namespace capos::kernel {

class EndpointReference;
class Process;

struct NumberTag;
struct TurnTag;
struct AllEndpointsTag;

class EndpointQueue final : public Object, public ListHook<AllEndpointsTag> {
public:
    struct Bounds {
        std::uint32_t in_flight;
        std::uint32_t parked_per_number;
    };
    static Result<Ref<EndpointQueue>> create(Process& creator, std::string_view name, Bounds bounds);

    // A reference for `number`. Busy while the number is in use or its release notice has not been received; a
    // persistent one takes the place of one that is not. Denied when `persistent` and the minter is not the creator:
    // what outlives a service is not the service's to give.
    Result<Ref<EndpointReference>> mint(Process& minter, std::uint64_t number, std::uint64_t interface_id,
                                        bool persistent);
    // Denied when `revoker` neither minted it nor created the endpoint. Nothing to do when there is none.
    Result<void> revoke(Process& revoker, std::uint64_t number);

    // Parks `record` (a CALL) on `reference` or hands it to a waiting receiver. The record is completed with
    // Disconnected or Overloaded when it cannot wait.
    void call(EndpointReference& reference, CallRecord& record);
    // Parks `record` (a RECEIVE) or completes it with what waits.
    void receive(CallRecord& record);
    // The answer to `call_id` from `server`. CallerGone, NoSuchCall, or the caller's NoRoom is the caller's to see.
    Result<void> answer(Process& server, std::uint64_t call_id, Error exception, std::span<const std::byte> message,
                        TransferSet& gifts);

    // `process` has ended: what it received is answered with disconnected, what it minted dies. Walks all there is here,
    // which is work done.
    void process_ended(Process& process);
    // No receiver can come any more.
    void close();

    std::string_view name() const { return {name_, name_length_}; }

    std::uint64_t interface_id() const override { return 0; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    void call_withdrawn(CallRecord& record) override;

private:
    template <class T> friend class Slab;
    friend class EndpointReference;
    struct InFlight {
        CallRecord* record;          // null: free, or the caller is gone
        Process* server;             // null: free
        EndpointReference* reference;   // whose call it is; null: free, or the reference is gone
        std::uint32_t generation;
        std::uint32_t next_free;
    };
    static constexpr unsigned kBucketBits = 5;
    static constexpr std::uint32_t kNone = 0xffffffff;

    EndpointQueue() = default;
    ~EndpointQueue() = default;
    void destroy() override;
    using Bucket = List<EndpointReference, NumberTag>;
    Bucket& bucket(std::uint64_t number);
    // These three walk lists that processes make long; each step is work done.
    EndpointReference* find(std::uint64_t number);
    void pump();                                      // pairs what waits with who waits
    void destroy_reference(EndpointReference& reference);
    void deliver(CallRecord& receiver, EndpointReference& reference);
    void deliver_notice(CallRecord& receiver, EndpointReference& reference);
    void kill(EndpointReference& reference);
    static void forget_minter(EndpointReference& reference);
    bool may_deliver(const EndpointReference& reference) const;
    InFlight* entry(std::uint64_t call_id);
    void free_entry(InFlight& entry);

    char name_[32] = {};
    std::size_t name_length_ = 0;
    Ledger* ledger_ = nullptr;
    std::span<InFlight> in_flight_;
    PhysAddr in_flight_frames_{};
    unsigned in_flight_order_ = 0;
    std::uint32_t first_free_ = kNone;
    std::uint32_t free_count_ = 0;
    std::uint32_t creator_ = 0;      // pid
    std::uint32_t parked_per_number_ = 0;
    List<CallRecord> receivers_;
    List<EndpointReference, TurnTag> turns_;          // references with a parked call or a notice
    Bucket numbers_[1 << kBucketBits];
    bool closed_ = false;
};

class EndpointReference final : public Object, public ListHook<NumberTag>, public ListHook<TurnTag> {
public:
    std::uint64_t number() const { return number_; }
    EndpointQueue& queue() { return *queue_; }

    std::uint64_t interface_id() const override { return interface_id_; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    void call_withdrawn(CallRecord& record) override;
    EndpointReference* as_endpoint_reference() override { return this; }

private:
    template <class T> friend class Slab;
    friend class EndpointQueue;
    EndpointReference() = default;
    ~EndpointReference() = default;
    void destroy() override;

    Ref<EndpointQueue> queue_;
    List<CallRecord> parked_;
    std::uint64_t number_ = 0;
    std::uint64_t interface_id_ = 0;
    std::uint32_t minter_ = 0;       // pid
    Process* goes_with_ = nullptr;   // the minter, while its end would be the reference's
    std::uint32_t parked_count_ = 0;
    std::uint32_t in_flight_count_ = 0;   // entries of the queue, also those whose caller has gone
    bool persistent_ = false;
    bool dead_ = false;              // revoked, or its minter has ended
    bool released_ = false;          // no client holds it; the notice waits for its turn
};

class Endpoint final : public Object {
public:
    using Interface = schema::Endpoint;
    static Result<Ref<Endpoint>> create(Process& creator, std::string_view name, EndpointQueue::Bounds bounds);
    EndpointQueue& queue() { return *queue_; }

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    Outcome mint(TypedCall<Interface::MintParams, Interface::MintResults> call);
    Outcome revoke(TypedCall<Interface::RevokeParams, Interface::RevokeResults> call);

private:
    template <class T> friend class Slab;
    Endpoint() = default;
    ~Endpoint() = default;
    void destroy() override;
    Ref<EndpointQueue> queue_;
};

// For process death: every queue that exists.
List<EndpointQueue, AllEndpointsTag>& all_endpoints();

}  // namespace capos::kernel
