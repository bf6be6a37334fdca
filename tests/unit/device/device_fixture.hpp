// A system with devices, and a driver that speaks their interfaces.
#pragma once

#include <gtest/gtest.h>

#include "kernel/device/device_facts.hpp"
#include "kernel/device/registry.hpp"
#include "schema/device.capnp.hpp"
#include "tests/kernel_host/system.hpp"
#include "tests/unit/device/fake_machine.hpp"
#include "tests/unit/virtio/model_device.hpp"

namespace capos::test {

using Bus = schema::PciBus;
using Function = schema::PciFunction;
using Registers = schema::DeviceRegisters;
using Pool = schema::DmaPool;
using Broker = schema::QueueBroker;
using BrokeredQueue = schema::BrokeredQueue;
using Interrupt = schema::Interrupt;

inline constexpr auto kNothing = [](auto&) {};

class DeviceTest : public testing::Test {
protected:
    DeviceTest() {
        if (kernel::device::function_count() == 0) {
            fake_machine();
            kernel::start_devices();
        }
    }

    // A call with the interface's tag and the method's ordinal; its parameters by `fill`.
    template <class Interface, class Params, class Results, class Fill>
    Answer<Results> call(abi::Handle handle, typename Interface::Method method, Fill&& fill, CallOptions options = {}) {
        return driver.call<Params, Results>(handle, Interface::kInterfaceId, static_cast<std::uint16_t>(method), fill,
                                            options);
    }

    Answer<Bus::ClaimResults> try_claim(std::uint16_t bdf) {
        return call<Bus, Bus::ClaimParams, Bus::ClaimResults>(bus, Bus::Method::claim,
                                                              [&](auto& params) { params.set_bdf(bdf); }, {.accept = 1});
    }
    abi::Handle claim(std::uint16_t bdf) {
        const auto answer = try_claim(bdf);
        EXPECT_EQ(answer.status, Error::None);
        EXPECT_EQ(answer.results.outcome(), Bus::ClaimResults::Outcome::claimed);
        return answer.handle(answer.results.function());
    }
    abi::Handle registers_of(abi::Handle function) {
        const auto answer = call<Function, Function::RegistersParams, Function::RegistersResults>(
            function, Function::Method::registers, kNothing, {.accept = 1});
        return answer.handle(answer.results.registers());
    }
    Answer<Registers::ReadResults> read(abi::Handle registers, std::uint32_t offset, std::uint8_t width) {
        return call<Registers, Registers::ReadParams, Registers::ReadResults>(
            registers, Registers::Method::read, [&](auto& params) {
                params.set_offset(offset);
                params.set_width(width);
            });
    }
    Answer<Function::DmaResults> try_dma(abi::Handle function, abi::Handle memory, std::uint32_t slot_bytes) {
        return call<Function, Function::DmaParams, Function::DmaResults>(
            function, Function::Method::dma, [&](auto& params) {
                params.set_object(wire::CapabilityIndex(0));
                params.set_slot_bytes(slot_bytes);
            },
            {.accept = 1, .send = {{memory}}});
    }
    abi::Handle interrupt_of(abi::Handle function, std::uint16_t index) {
        const auto answer = call<Function, Function::InterruptParams, Function::InterruptResults>(
            function, Function::Method::interrupt, [&](auto& params) { params.set_index(index); }, {.accept = 1});
        EXPECT_EQ(answer.status, Error::None);
        return answer.handle(answer.results.interrupt());
    }
    Error reset(abi::Handle function) {
        return call<Function, Function::ResetParams, Function::ResetResults>(function, Function::Method::reset, kNothing)
            .status;
    }
    // The interrupt that the function's vector brings.
    void raise(std::uint8_t vector) {
        machine().enter([&] { kernel::on_device_interrupt(vector); });
    }
    kernel::DeviceFacts facts(std::uint16_t bdf) {
        struct Search {
            std::uint16_t bdf;
            kernel::DeviceFacts found{};
        } search{bdf};
        kernel::for_each_device(
            [](const kernel::DeviceFacts& facts, void* context) {
                auto& search = *static_cast<Search*>(context);
                if (facts.bdf == search.bdf)
                    search.found = facts;
            },
            &search);
        return search.found;
    }

    TestSystem system;
    User& driver = system.user("driver");
    abi::Handle bus = driver.grant(kernel::pci_bus());
};

}  // namespace capos::test
