#include "services/virtio-net/attachment.hpp"

#include <cstring>

#include "runtime/log.hpp"

namespace capos::virtio_net {

rt::Task<Result<void>> Attachment::open(const client::Uplink& uplink, const client::AddressSpace& address_space,
                                        const MacAddress& mac) {
    auto reply = CO_TRY(co_await uplink.attach(mac, kMtu, 0, kHeaderRoom));
    if (reply->outcome() != schema::Uplink::AttachResults::Outcome::attached) {
        rt::log_error("the stack refused the driver, outcome {}", reply->outcome());
        co_return Error::Failed;
    }
    pool_object_ = CO_TRY(reply.take<schema::MemoryObject>(reply->pool()));
    rings_object_ = CO_TRY(reply.take<schema::MemoryObject>(reply->rings()));
    to_stack_ = CO_TRY(reply.take<schema::Notification>(reply->to_stack()));
    to_driver_ = CO_TRY(reply.take<schema::Notification>(reply->to_driver()));
    shape_ = {reply->slot_bytes(), reply->slot_count(), reply->receive_slots()};
    if (!shape_.valid())
        co_return Error::Malformed;
    pool_ = CO_TRY(co_await map(address_space, pool_object_, shape_.pool_bytes()));
    rings_ = CO_TRY(co_await map(address_space, rings_object_, sizeof(uplink::Rings)));
    auto& rings = *reinterpret_cast<uplink::Rings*>(rings_.address);
    CO_TRY(uplink::check_attachment(rings, shape_));
    end_.emplace(rings, shape_);
    co_return {};
}

rt::Task<Result<Attachment::Mapping>> Attachment::map(const client::AddressSpace& address_space,
                                                      const client::MemoryObject& object, std::uint64_t least) {
    auto info = CO_TRY(co_await object.info());
    const std::uint64_t bytes = info->size();
    if (bytes < least)
        co_return Error::Malformed;
    auto mapped = CO_TRY(co_await address_space.map(object, 0, bytes, 0, schema::AddressSpace::Protection::read_write));
    co_return Mapping{mapped->address(), bytes};
}

rt::Task<void> Attachment::close(const client::AddressSpace& address_space) {
    end_.reset();
    for (Mapping* mapping : {&pool_, &rings_}) {
        if (mapping->address != 0)
            (void)co_await address_space.unmap(mapping->address, mapping->bytes);
        *mapping = {};
    }
}

void Attachment::write_header(const uplink::Entry& entry, std::uint32_t header_bytes) const {
    const std::uint64_t frame = pool_.address + std::uint64_t{entry.slot} * shape_.slot_bytes + entry.offset;
    std::memset(reinterpret_cast<void*>(frame - header_bytes), 0, header_bytes);
}

}  // namespace capos::virtio_net
