#include "kernel/object/factories.hpp"

#include "kernel/ipc/endpoint.hpp"
#include "kernel/ipc/notification.hpp"
#include "kernel/object/memory_object.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

namespace {

// What a holder of a factory sees when memory is short.
Error as_exception(Error error) { return error == Error::OutOfMemory ? Error::QuotaExceeded : error; }

}  // namespace

Outcome MemoryFactoryObject::create(TypedCall<Interface::CreateParams, Interface::CreateResults> call) {
    const std::uint64_t size = call.params().size();
    if (size == 0 || size > kLargestBytes) return call.fail(Error::InvalidArgument, "size");
    return MemoryObject::create_for(call, (size + kPageSize - 1) / kPageSize);
}

Outcome ProcessFactoryObject::create(TypedCall<Interface::CreateParams, Interface::CreateResults> call) {
    const auto limits = call.params().limits();
    auto process = Process::create(call.caller().ledger(), call.params().name(), call.caller().pid(), limits.pages(),
                                   limits.object_bytes(), limits.slots());
    if (!process)
        return call.fail(as_exception(process.error()),
                         process.error() == Error::InvalidArgument ? "name or limits.slots" : "limits");
    auto index = call.give(std::move(*process));
    if (!index) return call.fail(index.error(), "process");
    call.results().set_process(*index);
    return call.done();
}

Outcome EndpointFactoryObject::create(TypedCall<Interface::CreateParams, Interface::CreateResults> call) {
    const std::uint32_t in_flight = call.params().in_flight();
    const std::uint32_t parked = call.params().parked_per_number();
    if (in_flight == 0 || in_flight > kMostInFlight) return call.fail(Error::InvalidArgument, "inFlight");
    if (parked == 0 || parked > kMostParked) return call.fail(Error::InvalidArgument, "parkedPerNumber");
    auto endpoint = Endpoint::create(call.caller(), call.params().name(), {in_flight, parked});
    if (!endpoint) return call.fail(as_exception(endpoint.error()), "inFlight");
    auto index = call.give(std::move(*endpoint));
    if (!index) return call.fail(index.error(), "endpoint");
    call.results().set_endpoint(*index);
    return call.done();
}

Outcome NotificationFactoryObject::create(TypedCall<Interface::CreateParams, Interface::CreateResults> call) {
    auto notification = Notification::create(call.caller().ledger());
    if (!notification) return call.fail(as_exception(notification.error()), "notification");
    auto index = call.give(std::move(*notification));
    if (!index) return call.fail(index.error(), "notification");
    call.results().set_notification(*index);
    return call.done();
}

}  // namespace capos::kernel
