#include "services/virtio-net/queue.hpp"

#include "runtime/log.hpp"

namespace capos::virtio_net {

using schema::BrokeredQueue;

rt::Task<Result<void>> Queue::open(const client::QueueBroker& broker, const client::AddressSpace& address_space,
                                   const client::DmaPool& pool, std::uint16_t index, std::uint16_t vector,
                                   Direction direction, const FrameLayout& layout) {
    auto created = CO_TRY(co_await broker.create(index, 0, pool, vector));
    if (created->outcome() != schema::QueueBroker::CreateResults::Outcome::created) {
        rt::log_error("queue {} not created, outcome {}", index, created->outcome());
        co_return Error::Failed;
    }
    queue_ = CO_TRY(created.take<BrokeredQueue>(created->queue()));
    auto view = CO_TRY(co_await queue_.used_view());
    const std::uint32_t index_offset = view->index_offset();
    auto memory = CO_TRY(view.take<schema::MemoryObject>(view->view()));
    auto info = CO_TRY(co_await memory.info());
    view_bytes_ = info->size();
    if (index_offset + sizeof(std::uint16_t) > view_bytes_)
        co_return Error::Malformed;
    auto mapped = CO_TRY(co_await address_space.map(memory, 0, view_bytes_, 0, schema::AddressSpace::Protection::read));
    view_address_ = mapped->address();
    device_index_ = reinterpret_cast<const std::uint16_t*>(view_address_ + index_offset);
    direction_ = direction;
    layout_ = layout;
    chains_ = free_chains_ = created->size() / layout.pieces();
    if (chains_ == 0) {
        rt::log_error("queue {} of {} has no room for a frame", index, created->size());
        co_return Error::Failed;
    }
    co_return {};
}

rt::Task<void> Queue::close(const client::AddressSpace& address_space) {
    device_index_ = nullptr;
    if (view_address_ != 0)
        (void)co_await address_space.unmap(view_address_, view_bytes_);
    view_address_ = 0;
}

Queue::Exchange Queue::begin_exchange(std::span<const Post> posts, bool arm) {
    const std::uint32_t pieces = layout_.pieces();
    const std::uint32_t entries = static_cast<std::uint32_t>(posts.size()) * pieces;
    const bool device_writes = direction_ == Direction::Receive;
    const std::uint32_t most = in_flight() < kBatch ? in_flight() : kBatch;
    posting_ = static_cast<std::uint32_t>(posts.size());
    arming_ = arm;
    const rt::CallOptions options{.reply_bytes = 64 + 8 * most, .send_bytes = 96 + 16 * entries};
    return queue_.exchange_with(
        [&](BrokeredQueue::ExchangeParams::Builder& params, rt::Outgoing&) {
            params.set_max_done(static_cast<std::uint16_t>(most));
            params.set_arm(arm);
            if (entries == 0)
                return;
            auto list = params.init_post(entries);
            std::uint32_t at = 0;
            for (const Post& post : posts) {
                for (std::uint32_t index = 0; index < pieces; ++index) {
                    const Piece piece = layout_.piece(index, post.offset, post.length);
                    auto buffer = list[at++];
                    buffer.set_slot(post.slot);
                    buffer.set_offset(piece.offset);
                    buffer.set_length(piece.length);
                    buffer.set_device_writes(device_writes);
                    buffer.set_more(index + 1 < pieces);
                }
            }
        },
        options);
}

Result<void> Queue::finish_exchange(const Answer& answer) {
    done_count_ = 0;
    if (!answer)
        return answer.error();
    const auto& results = answer->results();
    const auto done = results.done();
    for (std::uint32_t i = 0; i < done.size() && done_count_ < kBatch; ++i) {
        const auto entry = done[i];
        done_[done_count_++] = {entry.slot(), entry.written()};
    }
    seen_ = static_cast<std::uint16_t>(seen_ + done_count_);
    free_chains_ += done_count_;
    pending_ = results.pending();
    armed_ = arming_;
    using Fault = BrokeredQueue::ExchangeResults::Fault;
    if (results.fault() == Fault::device_misbehaved)
        return Error::DeviceMisbehaved;
    const std::uint32_t posted = results.posted() / layout_.pieces();
    free_chains_ -= posted;
    if (results.fault() == Fault::none && posted == posting_)
        return {};
    rt::log_error("post refused: fault {}, entry {}, {} of {} taken", results.fault(), results.fault_index(), posted,
                  posting_);
    return Error::Failed;
}

}  // namespace capos::virtio_net
