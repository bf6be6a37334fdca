#include "runtime/client.hpp"

namespace capos::rt {

void detail::release_handle(abi::Handle handle) { ring_client().release(handle); }

wire::CapabilityIndex Outgoing::add(Sent sent) {
    constexpr std::uint32_t kMostAdds = sizeof index_of_;
    if (replaying_) {
        const std::uint8_t index = replayed_ < asked_ && replayed_ < kMostAdds ? index_of_[replayed_] : 0;
        ++replayed_;
        return index == 0 ? wire::CapabilityIndex() : wire::CapabilityIndex(index - 1u);
    }
    const std::uint32_t place = asked_++;
    if (sent.raw_ == abi::kNoHandle || count_ == abi::kMaxMessageCapabilities || place >= kMostAdds)
        return wire::CapabilityIndex();
    list_[count_] = {std::exchange(sent.raw_, abi::kNoHandle), sent.mode_, 0};
    index_of_[place] = static_cast<std::uint8_t>(count_ + 1);
    return wire::CapabilityIndex(count_++);
}

void Outgoing::write(std::byte* list) {
    std::memcpy(list, list_, count_ * sizeof(abi::SentCapability));
    count_ = 0;
}

void Outgoing::drop() {
    for (std::uint32_t i = 0; i < count_; ++i)
        if (list_[i].mode == abi::TransferMode::Move) detail::release_handle(list_[i].handle);
    count_ = 0;
}

namespace detail {

namespace {

abi::ReceivedCapability entry_of(const std::byte* list, std::uint32_t index) {
    abi::ReceivedCapability entry;
    std::memcpy(&entry, list + index * sizeof entry, sizeof entry);
    return entry;
}

}  // namespace

Result<Handle> ReceivedList::take(wire::CapabilityIndex index, std::uint64_t interface_id) {
    if (index.has_value() && index.value() < count_ && entry_of(list_, index.value()).interface_id != interface_id)
        return Error::WrongInterface;
    return take_any(index, nullptr);
}

Result<Handle> ReceivedList::take_any(wire::CapabilityIndex index, std::uint64_t* interface_id) {
    if (!index.has_value() || index.value() >= count_) return Error::InvalidArgument;
    abi::ReceivedCapability entry = entry_of(list_, index.value());
    if (entry.handle == abi::kNoHandle) return Error::InvalidArgument;
    if (interface_id != nullptr) *interface_id = entry.interface_id;
    const abi::Handle taken = std::exchange(entry.handle, abi::kNoHandle);
    std::memcpy(list_ + index.value() * sizeof entry, &entry, sizeof entry);
    return Handle(taken);
}

std::uint32_t CallOperation::attempt_bytes(const CallOptions& options, unsigned attempt) {
    // With the list of capabilities behind it each is a whole block of the message area or close to it.
    constexpr std::uint32_t kRoom[] = {384, 3968, 32 * 1024 - 128, abi::kMaxMessageBytes};
    if (options.send_bytes == 0) return attempt < 4 ? kRoom[attempt] : 0;
    if (attempt == 0) return (options.send_bytes + 7) & ~7u;
    for (const std::uint32_t room : kRoom)
        if (room > options.send_bytes && attempt-- == 1) return room;
    return 0;
}

void CallOperation::start(const Target& target, const CallOptions& options, Outgoing& outgoing, OwnedBlock block,
                          std::span<const std::byte> message) {
    const std::uint32_t list_bytes = target.accept_capabilities * sizeof(abi::ReceivedCapability);
    auto incoming = ring_client().allocate(list_bytes + ((options.reply_bytes + 7) & ~7u));
    if (!incoming) return fail(incoming.error());
    accepted_ = target.accept_capabilities;
    const AreaBlock out = block.detach();
    abi::Submission submission{};
    submission.operation = abi::Operation::Call;
    submission.method = target.method;
    submission.accept_capabilities = target.accept_capabilities;
    submission.handle = target.handle;
    submission.interface_or_call = target.interface_id;
    submission.message_length = static_cast<std::uint32_t>(message.size());
    if (!message.empty()) submission.message_offset = out.offset;
    if (outgoing.count() != 0) {
        // The list stands right behind the message.
        submission.capability_offset = out.offset + submission.message_length;
        submission.send_capabilities = static_cast<std::uint16_t>(outgoing.count());
        outgoing.write(ring_client().at(out) + submission.message_length);
    }
    submission.buffer_offset = incoming->offset;
    submission.buffer_capacity = incoming->size;
    submission.deadline = options.deadline;
    submit(submission, {out, *incoming});
}

std::span<const std::byte> CallOperation::reply_message(AreaBlock incoming) const {
    const std::uint32_t before = accepted_ * static_cast<std::uint32_t>(sizeof(abi::ReceivedCapability));
    const std::uint32_t room = incoming.size < before ? 0 : incoming.size - before;
    const std::uint32_t length = completion().message_length < room ? completion().message_length : room;
    return {ring_client().at(incoming) + before, length};
}

}  // namespace detail

}  // namespace capos::rt
