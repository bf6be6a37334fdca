#include "runtime/notify.hpp"

#include "runtime/ring_client.hpp"
#include "schema/ipc.capnp.hpp"

namespace capos::rt {

Result<void> notify(const Client& notification, std::uint64_t bits) {
    constexpr std::uint32_t kMessageBytes = 64;
    RingClient& ring = ring_client();
    const AreaBlock block = TRY(ring.allocate(kMessageBytes));
    wire::MessageBuilder builder(ring.bytes(block));
    builder.init_root<schema::Notification::SignalParams>().set_bits(bits);
    const auto message = builder.finish();
    abi::Submission submission{};
    submission.operation = abi::Operation::Call;
    submission.method = static_cast<std::uint16_t>(schema::Notification::Method::signal);
    submission.handle = notification.raw();
    submission.interface_or_call = schema::Notification::kInterfaceId;
    submission.message_offset = block.offset;
    submission.message_length = static_cast<std::uint32_t>(message->size());
    submission.deadline = abi::kNoDeadline;
    auto submitted = ring.submit_detached(submission, {block, {}}, true);
    if (!submitted) ring.free(block);
    return submitted;
}

}  // namespace capos::rt
