#include "kernel/ring/delivery.hpp"

#include <cstring>

#include "kernel/process/process.hpp"
#include "kernel/ring/thread_ring.hpp"

namespace capos::kernel {

namespace {

AnswerBuffer buffer_of(CallRecord& record) {
    return {record.ring, record.buffer_offset, record.buffer_capacity, record.accept_capabilities};
}

// `lead` bytes, then room for the capability list, then the message.
Result<void> write_behind(const AnswerBuffer& to, std::span<const std::byte> lead, std::span<const std::byte> message) {
    const std::size_t list = to.accept_capabilities * sizeof(abi::ReceivedCapability);
    const std::size_t needed = lead.size() + (message.empty() ? 0 : list + message.size());
    if (needed > to.capacity) return Error::NoRoom;
    auto area = TRY(to.ring->queues().message(to.offset, to.capacity));
    if (!lead.empty()) std::memcpy(area.data(), lead.data(), lead.size());
    work_done += message.size();
    // A process that calls itself may have both in one place.
    if (!message.empty()) std::memmove(area.data() + lead.size() + list, message.data(), message.size());
    return {};
}

}  // namespace

Result<void> write_request(CallRecord& receiver, const abi::RequestHeader& header, std::span<const std::byte> message) {
    return write_behind(buffer_of(receiver), std::as_bytes(std::span(&header, 1)), message);
}

Result<void> write_answer(const AnswerBuffer& to, std::span<const std::byte> message) {
    return write_behind(to, {}, message);
}

std::uint16_t deliver_gifts(const AnswerBuffer& to, TransferSet& set, Process* sender, std::uint32_t offset) {
    if (set.count == 0) return 0;
    auto list = to.ring->queues().message(to.offset + offset, set.count * sizeof(abi::ReceivedCapability));
    CapabilityTable& table = to.ring->process().table();
    for (std::uint32_t i = 0; i < set.count; ++i) {
        TransferSet::Item& item = set.items[i];
        if (item.moved_from != abi::kNoHandle && sender != nullptr) sender->table().commit_move(item.moved_from);
        abi::ReceivedCapability received{
            .handle = table.insert_reserved(Ref<Object>::adopt(item.object), item.interface_id),
            .interface_id = item.interface_id};
        if (list) std::memcpy(list->data() + i * sizeof(received), &received, sizeof(received));
    }
    const auto count = static_cast<std::uint16_t>(set.count);
    set.count = 0;
    return count;
}

std::uint16_t deliver_capabilities(CallRecord& receiver, TransferSet& set, Process& sender, std::uint32_t offset) {
    const std::uint16_t count = deliver_gifts(buffer_of(receiver), set, &sender, offset);
    receiver.accept_capabilities = static_cast<std::uint16_t>(receiver.accept_capabilities - count);
    return count;
}

void deliver_answer(CallRecord& caller, Error exception, std::span<const std::byte> message, TransferSet& gifts,
                    Process& server) {
    ThreadRing& ring = *caller.ring;
    if (gifts.count > caller.accept_capabilities || !write_answer(buffer_of(caller), message)) {
        undo_transfer(gifts, server);
        ring.complete(caller, Error::NoRoom);
        return;
    }
    const std::uint16_t arrived = deliver_capabilities(caller, gifts, server, 0);
    ring.complete(caller, exception, static_cast<std::uint32_t>(message.size()), arrived);
}

}  // namespace capos::kernel
