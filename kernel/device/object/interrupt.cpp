#include "kernel/device/object/interrupt.hpp"

#include <utility>

#include "kernel/device/function.hpp"
#include "kernel/device/interrupts.hpp"
#include "kernel/device/label.hpp"

namespace capos::kernel {

InterruptObject::InterruptObject(device::DeviceFunction& function, std::uint16_t index)
    : function_(&function), claim_(function.claim_number()), index_(index), msix_(function.uses_msix()) {}

Result<Ref<InterruptObject>> InterruptObject::create(Ledger& ledger, device::DeviceFunction& function,
                                                     std::uint16_t index) {
    Ref<InterruptObject> interrupt(*TRY(Slab<InterruptObject>::create(&ledger, function, index)));
    TRY(interrupt->route());
    return interrupt;
}

Result<void> InterruptObject::route() {
    if (msix_) {
        vector_ = TRY(device::attach_vector(*this));
    } else {
        TRY(device::attach_line(function_->identity().interrupt_line, *this));
    }
    routed_ = true;
    program();
    return {};
}

void InterruptObject::program() {
    if (msix_)
        function_->msix().program(index_, arch::msi_message(vector_));
    set_open(!masked_ && !storm_);
}

void InterruptObject::set_open(bool open) {
    if (!msix_)
        function_->set_line_interrupt(open);
    else if (open)
        function_->msix().unmask(index_);
    else
        function_->msix().mask(index_);
}

void InterruptObject::close() {
    if (routed_) {
        set_open(false);
        if (msix_)
            device::detach_vector(vector_);
        else
            device::detach_line(function_->identity().interrupt_line, *this);
        routed_ = false;
    }
    if (CallRecord* waiter = waiter_.front()) {
        Reply reply(*waiter);
        reply.fail(Error::Disconnected, "interrupt");
    }
}

void InterruptObject::destroy() {
    close();
    Slab<InterruptObject>::destroy(this);
}

void InterruptObject::start_over() {
    latched_ = 0;
    storm_ = false;
    masked_ = false;
    set_open(true);
}

void InterruptObject::deliver() {
    ++latched_;
    ++delivered_;
    ++function_->counters.interrupts;
    if (CallRecord* waiter = waiter_.front()) {
        Reply reply(*waiter);
        reply.results<Interface::WaitResults>().set_count(std::exchange(latched_, 0));
        reply.done();
    } else if (msix_ && latched_ % kStorm == 0) {
        storm_ = true;
        spurious_ += kStorm;
        set_open(false);
    }
}

void InterruptObject::describe(TextWriter& out) const {
    out << "interrupt " << index_ << " of " << device::Label{function_->identity().where};
}

Outcome InterruptObject::call(KernelCall& call) {
    if (!function_->is_current(claim_) || !routed_)
        return call.fail(Error::Disconnected, "interrupt");
    return Interface::dispatch(*this, call);
}

Outcome InterruptObject::wait(TypedCall<Interface::WaitParams, Interface::WaitResults> call) {
    if (std::exchange(storm_, false) && !masked_)
        set_open(true);
    if (latched_ != 0) {
        call.results().set_count(std::exchange(latched_, 0));
        return call.done();
    }
    if (!waiter_.empty())
        return call.fail(Error::Busy, "interrupt");
    return call.park(waiter_, *this);
}

// A line stays asserted until the device's own status has been read; only then is the line let through again.
Outcome InterruptObject::ack(TypedCall<Interface::AckParams, Interface::AckResults> call) {
    if (!msix_) {
        const std::uint8_t status = function_->transport().interrupt_status();
        const bool changed = (status & virtio::kInterruptConfiguration) != 0;
        if (changed)
            (void)function_->look_at_status();
        call.results().set_configuration_changed(changed);
        if (!masked_)
            set_open(true);
    }
    return call.done();
}

Outcome InterruptObject::mask(TypedCall<Interface::MaskParams, Interface::MaskResults> call) {
    masked_ = true;
    set_open(false);
    return call.done();
}

Outcome InterruptObject::unmask(TypedCall<Interface::UnmaskParams, Interface::UnmaskResults> call) {
    masked_ = false;
    storm_ = false;
    set_open(true);
    return call.done();
}

Outcome InterruptObject::counters(TypedCall<Interface::CountersParams, Interface::CountersResults> call) {
    auto results = call.results();
    results.set_delivered(delivered_);
    results.set_spurious(spurious_);
    return call.done();
}

}  // namespace capos::kernel
