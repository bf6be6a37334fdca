// The driver's side of an attachment to the stack: pool and rings, mapped, and the two notifications.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/result.hpp"
#include "lib/uplink/ends.hpp"
#include "runtime/task.hpp"
#include "schema/ipc.client.hpp"
#include "schema/memory.client.hpp"
#include "schema/net.client.hpp"
#include "services/virtio-net/device.hpp"

namespace capos::virtio_net {

class Attachment {
public:
    // Waits for the stack as long as it takes. Failed: the stack does not take this driver; Malformed: what it gave does
    // not fit together; else what the calls answered.
    rt::Task<Result<void>> open(const client::Uplink& uplink, const client::AddressSpace& address_space,
                                const MacAddress& mac);
    rt::Task<void> close(const client::AddressSpace& address_space);

    uplink::DriverEnd& end() { return *end_; }
    const uplink::Shape& shape() const { return shape_; }
    const client::MemoryObject& pool_object() const { return pool_object_; }
    const client::Notification& to_stack() const { return to_stack_; }
    const client::Notification& to_driver() const { return to_driver_; }

    // A header without offloads in front of the frame at `offset` of a slot.
    void write_header(const uplink::Entry& entry, std::uint32_t header_bytes) const;

private:
    struct Mapping {
        std::uint64_t address = 0;
        std::uint64_t bytes = 0;
    };
    rt::Task<Result<Mapping>> map(const client::AddressSpace& address_space, const client::MemoryObject& object,
                                  std::uint64_t least);

    client::MemoryObject pool_object_;
    client::MemoryObject rings_object_;
    client::Notification to_stack_;
    client::Notification to_driver_;
    uplink::Shape shape_;
    Mapping pool_;
    Mapping rings_;
    std::optional<uplink::DriverEnd> end_;
};

}  // namespace capos::virtio_net
