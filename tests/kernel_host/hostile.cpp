#include "tests/kernel_host/hostile.hpp"

#include <cstring>

#include "kernel/mem/accounts.hpp"

namespace capos::test {

namespace {

constexpr std::uint64_t kEcho = 0xec40;
constexpr std::uint32_t kAreaBytes = 32 * 1024;

void require(bool condition, const char* what) {
    if (!condition) broken(what);
}

}  // namespace

HostileRun::HostileRun(Choices& choices)
    : choices_(choices), shared_(choices.one_in(4)), init_(system_.user("init", {.object_bytes = 1 << 20, .slots = 256})),
      victim_(system_.user("victim")), witness_(system_.user("witness")) {
    endpoint_ = init_.create_endpoint("victim", 8, 4);
    notification_ = init_.create_notification();
    victims_endpoint_ = victim_.grant_from(init_, endpoint_);
    witnesss_reference_ = witness_.grant_from(init_, init_.mint(endpoint_, 1, kEcho, true));
    receiving_ = victim_.begin_receive(victims_endpoint_, 2, 4096);
    victim_.enter();
    for (Hostile& hostile : hostile_) spawn(hostile);
}

// A hostile process as a manifest might start it, with a reference to the service and to the other's endpoint.
void HostileRun::spawn(Hostile& hostile) {
    if (hostile.user != nullptr) {
        ++respawned_;
        hostile.user->reference = {};
        hostile = {};
        machine().settle();
    }
    // What an ended process left may still be held (memory that the other maps): then it comes back with less.
    for (std::uint64_t pages = 1024; hostile.user == nullptr; pages /= 2) {
        require(pages >= 64, "there is no room for a hostile process any more");
        hostile.user = system_.try_user("hostile", {.pages = pages, .object_bytes = 64 * 1024, .slots = 48,
                                                    .sq_entries = 32, .cq_entries = 32, .message_bytes = kAreaBytes});
    }
    User& user = *hostile.user;
    hostile.thread = kernel::Ref<kernel::Thread>(user.thread());
    kernel::RootObjects& root = kernel::root_objects();
    for (kernel::Object* object : {static_cast<kernel::Object*>(&root.log), static_cast<kernel::Object*>(&root.terminal),
                                   static_cast<kernel::Object*>(&root.entropy),
                                   static_cast<kernel::Object*>(&root.system_info)})
        user.grant(*object);
    user.grant_from(init_, notification_);
    if (choices_.one_in(2)) user.grant(*user.reference);
    if (choices_.one_in(2)) user.grant(user.thread());
    switch_to(init_);
    const abi::Handle minted = init_.mint(endpoint_, next_number_++, kEcho, true);
    if (minted != abi::kNoHandle) {
        user.grant_from(init_, minted);
        init_.release(minted);
    }
    if (shared_) user.grant_from(init_, endpoint_);                 // a second server of the same endpoint
    user.process().table().for_each(
        [&](abi::Handle handle, const kernel::CapabilityTable::Slot&) { hostile.handles.push_back(handle); });
    Hostile& other = &hostile == &hostile_[0] ? hostile_[1] : hostile_[0];
    if (other.user != nullptr && lives(other))
        other.user->process().table().for_each([&](abi::Handle, const kernel::CapabilityTable::Slot& slot) {
            if (choices_.one_in(6)) hostile.handles.push_back(user.grant(*slot.object, slot.interface_id));
        });
}

// Whoever else runs is made to sleep for a moment. False when `hand` waits for something that has not come.
bool HostileRun::switch_to(Hand& hand) {
    for (unsigned turns = 0; !hand.running(); ++turns) {
        require(turns < 10'000, "a thread never has its turn");
        kernel::Thread* current = kernel::Scheduler::current();
        if (current == nullptr) {
            machine().settle();
            if (hand.running()) break;
            if (!hand.runnable()) {
                if (hand.thread().state() == kernel::Thread::State::Stopped) return false;
                machine().advance(1'000);
                if (!hand.runnable()) return false;
            }
            continue;
        }
        machine().enter([&] { kernel::on_syscall(current->context(), 1, ~0ull, machine().now + 1'000); });
    }
    return true;
}

std::uint64_t HostileRun::random_word(Hostile& hostile) {
    switch (choices_.below(10)) {
    case 0: return 0;
    case 1: return 1;
    case 2: return kernel::kPageSize;
    case 3: return kernel::kPageSize * choices_.below(64);
    case 4: return choices_.below(4096);
    case 5: return machine().now + choices_.below(3000);
    case 6: return hostile.addresses.empty() ? 0x40'0000 : hostile.addresses[choices_.below(hostile.addresses.size())];
    case 7: return kernel::kUserLimit - kernel::kPageSize * choices_.below(3);
    case 8: return choices_.bits() << 32 | choices_.bits();
    default: return ~std::uint64_t{0};
    }
}

abi::Handle HostileRun::random_handle(Hostile& hostile) {
    if (hostile.handles.empty() || choices_.one_in(20)) return random_word(hostile);
    return hostile.handles[choices_.below(hostile.handles.size())];
}

std::uint64_t HostileRun::interface_of(Hostile& hostile, abi::Handle handle) {
    auto slot = hostile.user->process().table().look_up(handle);
    return slot ? hostile.user->process().table()[*slot].interface_id : kEcho;
}

// Puts a message into the area at `at`; returns its length.
std::uint32_t HostileRun::random_message(Hostile& hostile, std::uint64_t interface_id, std::uint16_t method,
                                         std::uint32_t at) {
    User& user = *hostile.user;
    if (choices_.one_in(12)) {                                      // anything at all
        const auto words = static_cast<std::uint32_t>(choices_.below(24));
        for (std::uint32_t i = 0; i < words; ++i) {
            const std::uint64_t word = random_word(hostile) ^ choices_.bits();
            std::memcpy(user.messages() + at + i * 8, &word, 8);
        }
        return words * 8;
    }
    wire::MessageBuilder builder(std::span(user.messages() + at, 512));
    if (interface_id == schema::ProcessFactory::kInterfaceId) {
        auto params = builder.init_root<schema::ProcessFactory::CreateParams>();
        params.set_name("child");
        auto limits = params.init_limits();
        limits.set_pages(choices_.one_in(4) ? random_word(hostile) : 40 + choices_.below(40));
        limits.set_object_bytes(choices_.one_in(4) ? random_word(hostile) : 8192);
        limits.set_slots(static_cast<std::uint32_t>(choices_.below(20)));
    } else if (interface_id == schema::Process::kInterfaceId && method == 2) {
        auto params = builder.init_root<schema::Process::StartThreadParams>();
        params.set_entry(choices_.one_in(6) ? random_word(hostile) : 0x400000);
        params.set_stack(choices_.one_in(6) ? random_word(hostile) : 0x800000);
        auto ring = params.init_ring();
        ring.set_sq_entries(8);
        ring.set_cq_entries(choices_.one_in(6) ? 7 : 8);
        ring.set_message_bytes(4096);
    } else if (interface_id == schema::AddressSpace::kInterfaceId && method == 0) {
        auto params = builder.init_root<schema::AddressSpace::MapParams>();
        params.set_object(wire::CapabilityIndex(static_cast<std::uint32_t>(choices_.below(3))));
        params.set_offset(choices_.one_in(3) ? random_word(hostile) : 0);
        params.set_size(choices_.one_in(3) ? random_word(hostile) : kernel::kPageSize);
        if (choices_.one_in(2)) {
            const std::uint64_t address = choices_.one_in(3) ? random_word(hostile) : (0x400 + choices_.below(64)) << 12;
            params.set_address(address);
            if (hostile.addresses.size() < 64) hostile.addresses.push_back(address);
        }
        params.set_protection(static_cast<schema::AddressSpace::Protection>(choices_.below(4)));
    } else if (interface_id == schema::EndpointFactory::kInterfaceId) {
        auto params = builder.init_root<schema::EndpointFactory::CreateParams>();
        params.set_name("hostile");
        params.set_in_flight(static_cast<std::uint32_t>(choices_.below(6)));
        params.set_parked_per_number(static_cast<std::uint32_t>(choices_.below(6)));
    } else if (interface_id == schema::Endpoint::kInterfaceId) {
        auto params = builder.init_root<schema::Endpoint::MintParams>();
        params.set_number(choices_.below(5));
        // Also as one of the kernel's own interfaces.
        params.set_interface_id(choices_.one_in(5)   ? random_word(hostile)
                                : choices_.one_in(3) ? interface_of(hostile, random_handle(hostile))
                                                     : kEcho);
        params.set_persistent(choices_.one_in(2));
    } else {
        // Plain numbers and a capability: what every other method reads.
        auto params = builder.init_root<schema::AddressSpace::MapParams>();
        params.set_object(wire::CapabilityIndex(0));
        params.set_offset(random_word(hostile));
        params.set_size(random_word(hostile));
        params.set_address(random_word(hostile));
    }
    const auto message = builder.finish();
    return message ? static_cast<std::uint32_t>(message->size()) : 0;
}

abi::Submission HostileRun::random_entry(Hostile& hostile) {
    User& user = *hostile.user;
    abi::Submission entry{};
    entry.user_data = next_user_data_++;
    entry.handle = random_handle(hostile);
    entry.interface_or_call = interface_of(hostile, entry.handle);
    // Most interfaces have one or two methods.
    entry.method = static_cast<std::uint16_t>(choices_.below(choices_.one_in(2) ? 2 : 6));
    // The message area as 32 places of 1 KiB: message, then list, then buffer; they may well overlap with others'.
    const auto place = static_cast<std::uint32_t>(choices_.below(32) * 1024);
    entry.message_offset = place;
    entry.capability_offset = place + 448;
    entry.buffer_offset = place + 512;
    entry.buffer_capacity = choices_.one_in(5) ? static_cast<std::uint32_t>(choices_.below(600)) : 512;
    entry.deadline = choices_.one_in(3) ? machine().now + choices_.below(3000) : abi::kNoDeadline;
    const auto send = static_cast<std::uint16_t>(choices_.one_in(2) ? 0 : 1 + choices_.below(3));
    for (std::uint16_t i = 0; i < send; ++i) {
        const abi::SentCapability sent{random_handle(hostile),
                                       static_cast<abi::TransferMode>(choices_.one_in(20) ? 2 : choices_.below(2)),
                                       choices_.one_in(40) ? 1u : 0u};
        std::memcpy(user.messages() + entry.capability_offset + i * sizeof(sent), &sent, sizeof(sent));
    }
    switch (choices_.below(16)) {
    case 0: entry.operation = abi::Operation::Nop; break;
    case 1:
    case 2:
    case 3:
        entry.operation = abi::Operation::Receive;
        entry.accept_capabilities = static_cast<std::uint16_t>(choices_.below(3));
        entry.interface_or_call = 0;
        for (unsigned tries = 0; tries < 8 && interface_of(hostile, entry.handle) != schema::Endpoint::kInterfaceId; ++tries)
            entry.handle = random_handle(hostile);
        break;
    case 4:
    case 5:
        entry.operation = abi::Operation::Return;
        entry.interface_or_call = hostile.calls.empty() || choices_.one_in(8)
                                      ? random_word(hostile)
                                      : hostile.calls[choices_.below(hostile.calls.size())];
        for (unsigned tries = 0; tries < 8 && interface_of(hostile, entry.handle) != schema::Endpoint::kInterfaceId; ++tries)
            entry.handle = random_handle(hostile);
        entry.flags = static_cast<std::uint8_t>(choices_.below(2));
        entry.method = static_cast<std::uint16_t>(64 + choices_.below(7));
        entry.send_capabilities = send;
        entry.message_length = static_cast<std::uint32_t>(choices_.below(8) * 8);
        break;
    case 6:
        entry.operation = abi::Operation::Release;
        if (choices_.one_in(2)) entry.handle = random_handle(hostile);
        break;
    case 7:
    case 8:
        entry.operation = abi::Operation::Cancel;
        entry.interface_or_call = random_word(hostile);
        if (!hostile.outstanding.empty()) {
            auto at = hostile.outstanding.lower_bound(
                hostile.outstanding.begin()->first + choices_.below(next_user_data_ - hostile.outstanding.begin()->first));
            if (at == hostile.outstanding.end()) at = hostile.outstanding.begin();
            entry.interface_or_call = at->first;
        }
        break;
    default:
        entry.operation = abi::Operation::Call;
        entry.accept_capabilities = static_cast<std::uint16_t>(choices_.below(4));
        entry.send_capabilities = send;
        entry.message_length = random_message(hostile, entry.interface_or_call, entry.method, entry.message_offset);
        break;
    }
    // Most without what their operation does not use.
    if (entry.operation != abi::Operation::Call && !choices_.one_in(8)) {
        const abi::Submission all = entry;
        const bool receives = all.operation == abi::Operation::Receive;
        const bool returns = all.operation == abi::Operation::Return;
        entry = {};
        entry.operation = all.operation;
        entry.user_data = all.user_data;
        if (receives || returns || all.operation == abi::Operation::Release) entry.handle = all.handle;
        if (returns || all.operation == abi::Operation::Cancel) entry.interface_or_call = all.interface_or_call;
        if (receives) {
            entry.accept_capabilities = all.accept_capabilities;
            entry.buffer_offset = all.buffer_offset;
            entry.buffer_capacity = all.buffer_capacity;
            entry.deadline = all.deadline;
        }
        if (returns) {
            entry.flags = all.flags;
            if (all.flags != 0) entry.method = all.method;
            entry.message_offset = all.message_offset;
            entry.message_length = all.message_length;
            entry.send_capabilities = all.send_capabilities;
            entry.capability_offset = all.capability_offset;
        }
    }
    if (choices_.one_in(24)) {                                       // and one field that is simply wrong
        auto* bytes = reinterpret_cast<std::uint8_t*>(&entry);
        const std::uint64_t at = choices_.below(sizeof(entry));
        if (at < offsetof(abi::Submission, user_data) || at >= offsetof(abi::Submission, message_offset))
            bytes[at] = static_cast<std::uint8_t>(choices_.bits());
    }
    return entry;
}

// Reads completions: each must be of something submitted, once.
void HostileRun::collect(Hostile& hostile) {
    User& user = *hostile.user;
    user.read_completions();
    for (const abi::Completion& completion : user.unclaimed()) {
        const auto at = hostile.outstanding.find(completion.user_data);
        require(at != hostile.outstanding.end(), "a completion belongs to nothing that was submitted, or comes twice");
        ++(completion.status == 0 ? succeeded_ : refused_);
        require(completion.status < 96, "a status is not of the transport or exception range");
        require(completion.capabilities <= abi::kMaxMessageCapabilities, "too many capabilities are reported");
        const std::uint32_t list = at->second.buffer + (at->second.receive ? 32 : 0);
        for (std::uint32_t i = 0; i < completion.capabilities; ++i) {
            abi::ReceivedCapability received;
            if (list + (i + 1) * sizeof(received) > kAreaBytes) break;
            std::memcpy(&received, user.messages() + list + i * sizeof(received), sizeof(received));
            if (hostile.handles.size() < 96)
                hostile.handles.push_back(received.handle);
            else
                hostile.handles[choices_.below(hostile.handles.size())] = received.handle;
        }
        if (completion.call_id != 0) {
            if (hostile.calls.size() >= 16) hostile.calls.erase(hostile.calls.begin());
            hostile.calls.push_back(completion.call_id);
        }
        hostile.outstanding.erase(at);
    }
    user.unclaimed().clear();
}

// The service: answers each call with what it was sent, and releases what came with it.
void HostileRun::serve() {
    require(switch_to(victim_), "the service does not run any more");
    for (unsigned served = 0; served < 64 && victim_.completed(receiving_); ++served) {
        const Request request = victim_.finish_receive(receiving_);
        if (request.status == Error::None && request.header.kind == abi::RequestKind::Call) {
            for (const abi::ReceivedCapability& received : request.capabilities)
                require(victim_.release(received.handle) == Error::None, "what the service received cannot be released");
            const Error answered = victim_.answer(victims_endpoint_, request.call_id, request.message);
            require(answered == Error::None || answered == Error::CallerGone, "the service's answer is refused");
        }
        receiving_ = victim_.begin_receive(victims_endpoint_, 2, 4096);
        victim_.enter();
    }
}

unsigned HostileRun::step() {
    Hostile& hostile = hostile_[choices_.below(2)];
    unsigned operations = 1;
    if (!lives(hostile) || hostile.stuck > 8) {
        if (!hostile.user->reference->ended()) hostile.user->kill();
        spawn(hostile);
        return operations;
    }
    if (!switch_to(*hostile.user)) {
        ++hostile.stuck;
        serve();
        return operations;
    }
    hostile.stuck = 0;
    User& user = *hostile.user;
    kernel::Thread& thread = user.thread();
    kernel::RingQueues& queues = thread.ring().queues();
    const kernel::RingShape shape = queues.shape();
    const std::uint64_t kind = choices_.below(64);
    const auto cap_enter = [&](std::uint64_t min_complete, std::uint64_t deadline) {
        machine().enter([&] { kernel::on_syscall(thread.context(), 1, min_complete, deadline); });
    };
    if (kind == 0) {                                                 // indices that lie
        const std::uint32_t tail = user.header().sq_tail, head = user.header().cq_head;
        (choices_.one_in(2) ? user.header().sq_tail : user.header().cq_head) +=
            static_cast<std::uint32_t>(shape.cq_entries + 1 + choices_.below(1000));
        cap_enter(choices_.below(3), 0);
        require(user.result() == abi::kEnterBadRing, "a bad index is not noticed");
        user.header().sq_tail = tail;
        user.header().cq_head = head;
    } else if (kind == 1) {                                          // scribbles over everything but the indices
        std::byte* ring = reinterpret_cast<std::byte*>(&user.header());
        for (int i = 0; i < 16; ++i)
            ring[choices_.one_in(4) ? choices_.below(offsetof(abi::RingHeader, sq_tail))
                                    : 4096 + choices_.below(shape.total_bytes() - 4096)] ^=
                static_cast<std::byte>(choices_.bits());
        // Completions that were not read yet may be spoilt: they are read first everywhere else.
    } else if (kind == 2 && choices_.one_in(8)) {
        machine().enter([&] { kernel::on_user_fault(thread.context(), {14, 4, choices_.bits()}); });
        machine().settle();
        return operations;
    } else if (kind == 3 && choices_.one_in(8)) {
        machine().enter([&] { kernel::on_syscall(thread.context(), 0, 3, 0); });
        machine().settle();
        return operations;
    } else if (kind == 4 && choices_.one_in(8)) {
        machine().enter([&] { kernel::on_syscall(thread.context(), choices_.bits(), 3, 0); });
    } else {
        const std::uint64_t batch = 1 + choices_.below(24);
        for (std::uint64_t i = 0; i < batch; ++i) {
            if (user.header().sq_tail - user.header().sq_head >= shape.sq_entries) break;
            const abi::Submission entry = random_entry(hostile);
            hostile.outstanding[entry.user_data] = {entry.buffer_offset, entry.operation == abi::Operation::Receive, false};
            user.push(entry);
            ++operations;
        }
        if (choices_.one_in(16))
            cap_enter(choices_.below(4), choices_.one_in(2) ? machine().now + choices_.below(5000) : abi::kNoDeadline);
        else
            cap_enter(0, 0);
    }
    if (lives(hostile)) collect(hostile);
    machine().settle();
    if (choices_.one_in(4)) serve();
    if (choices_.one_in(8)) machine().advance(choices_.below(2000));
    return operations;
}

void HostileRun::check() {
    require(!victim_.reference->ended() && !witness_.reference->ended() && !init_.reference->ended(),
            "a process that did nothing wrong has ended");
    require(kernel::memory_accounts().drift() == 0, "the books do not balance");
    for (Hostile& hostile : hostile_) {
        if (!lives(hostile)) continue;
        collect(hostile);
        kernel::ThreadRing& ring = hostile.user->thread().ring();
        const std::uint32_t waiting = hostile.user->header().sq_tail - hostile.user->header().sq_head;
        require(ring.queues().reserved() == ring.outstanding(), "a completion place is reserved for nothing");
        require(hostile.outstanding.size() == ring.outstanding() + waiting,
                "what was submitted is neither completed, nor outstanding, nor in the queue");
    }
    // The honest client gets the right answer, whatever the others do.
    const std::uint64_t secret = choices_.bits() | 1;
    Bytes message(16);
    std::memcpy(message.data(), &secret, 8);
    require(switch_to(witness_), "the honest client does not run any more");
    const std::uint64_t call = witness_.begin_call(witnesss_reference_, kEcho, 0, message);
    witness_.enter();
    serve();
    require(switch_to(witness_), "the honest client does not run any more");
    if (!witness_.completed(call)) {
        // Who else holds the endpoint may have taken the call.
        require(shared_, "the service does not answer the honest client");
        const Error cancelled = witness_.cancel(call);
        require(cancelled == Error::None, "a call cannot be cancelled");
        require(witness_.finish<schema::Timer::PageParams>(call).status == Error::Cancelled, "a cancelled call is not");
        return;
    }
    const auto answer = witness_.finish<schema::Timer::PageParams>(call);
    if (shared_) return;
    require(answer.status == Error::None && answer.bytes == message, "the honest client gets a wrong answer");
}

}  // namespace capos::test
