#include "kernel/device/object/device_registers.hpp"

#include "kernel/device/function.hpp"
#include "kernel/device/label.hpp"
#include "lib/virtio/device_access.hpp"

namespace capos::kernel {

DeviceRegistersObject::DeviceRegistersObject(device::DeviceFunction& function)
    : function_(&function), claim_(function.claim_number()) {}

Result<Ref<DeviceRegistersObject>> DeviceRegistersObject::create(Ledger& ledger, device::DeviceFunction& function) {
    return Ref<DeviceRegistersObject>(*TRY(Slab<DeviceRegistersObject>::create(&ledger, function)));
}

void DeviceRegistersObject::describe(TextWriter& out) const {
    out << "registers of " << device::Label{function_->identity().where};
}

Outcome DeviceRegistersObject::call(KernelCall& call) {
    if (!function_->is_current(claim_))
        return call.fail(Error::Disconnected, "registers");
    return Interface::dispatch(*this, call);
}

Outcome DeviceRegistersObject::read(TypedCall<Interface::ReadParams, Interface::ReadResults> call) {
    virtio::Transport& transport = function_->transport();
    const std::uint32_t offset = call.params().offset();
    const std::uint8_t width = call.params().width();
    if (!virtio::is_valid_access(offset, width, transport.device_bytes()))
        return call.fail(Error::Denied, "offset");
    // A driver comes here when it was told of a change, by whatever interrupt that came.
    if (function_->look_at_status())
        return call.fail(Error::Failed, "device");
    call.results().set_value(transport.read_device(offset, width));
    return call.done();
}

Outcome DeviceRegistersObject::write(TypedCall<Interface::WriteParams, Interface::WriteResults> call) {
    return call.fail(Error::Denied, "offset");
}

}  // namespace capos::kernel
