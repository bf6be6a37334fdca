#include "kernel/object/system_info.hpp"

#include "kernel/boot/boot_info.hpp"
#include "kernel/boot/boot_steps.hpp"
#include "kernel/console/console.hpp"
#include "kernel/device/device_facts.hpp"
#include "kernel/mem/accounts.hpp"
#include "kernel/mem/frames.hpp"
#include "kernel/object/boot_bundle.hpp"
#include "kernel/process/process.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/version.hpp"

namespace capos::kernel {

namespace {

std::string_view protocol_name(BootProtocol protocol) {
    switch (protocol) {
    case BootProtocol::Pvh: return "pvh";
    case BootProtocol::Multiboot2Bios: return "multiboot2-bios";
    case BootProtocol::Multiboot2Uefi: return "multiboot2-uefi";
    }
    return "unknown";
}

using ProcessState = schema::SystemInfo::ProcessInfo::State;

ProcessState state_of(Process& process) {
    if (process.ended()) return ProcessState::ended;
    ProcessState state = ProcessState::waiting;
    auto& threads = process.threads();
    for (Thread* at = threads.front(); at != nullptr; at = threads.next(*at)) {
        if (at->state() == Thread::State::Running) return ProcessState::running;
        if (at->state() == Thread::State::Ready) state = ProcessState::ready;
    }
    return state;
}

}  // namespace

Outcome SystemInfoObject::overview(TypedCall<Interface::OverviewParams, Interface::OverviewResults> call) {
    auto results = call.results();
    results.set_version(kVersion);
    FixedText<16> image;
    image << Hex{boot_bundle().identity(), 16};
    results.set_image_id(image.view());
    results.set_command_line(boot_info().command_line);
    results.set_cpu_model(arch::cpu_model());
    results.set_cpus_present(arch::cpus_present());
    results.set_cpus_used(1);
    results.set_uptime_ns(arch::now_ns());
    results.set_memory_total(frames_total() * kPageSize);
    results.set_memory_free(frames_free() * kPageSize);
    results.set_interrupts(counters.interrupts);
    results.set_unowned_interrupts(counters.unowned_interrupts);
    results.set_context_switches(counters.context_switches);
    results.set_address_space_switches(counters.address_space_switches);
    results.set_refusals(counters.refusals);
    results.set_faults(counters.faults);
    results.set_boot_protocol(protocol_name(boot_info().protocol));
    results.set_tsc_hz(arch::clock().tsc_hz);
    results.set_clock_source(arch::clock().source);
    results.set_console_dropped(console::dropped());
    results.set_kernel_bytes(memory_accounts().kernel_pages * kPageSize);
    results.set_ledger_drift(memory_accounts().drift());
    std::uint64_t doorbells = 0;
    for_each_device([](const DeviceFacts& facts, void* sum) { *static_cast<std::uint64_t*>(sum) += facts.doorbells; },
                    &doorbells);
    results.set_doorbells(doorbells);
    std::uint64_t submissions = 0;
    for (Process* at = all_processes().front(); at != nullptr; at = all_processes().next(*at))
        submissions += at->submissions;
    results.set_submissions(submissions + counters.submissions);
    const auto features = arch::mitigations();
    auto list = results.init_mitigations(static_cast<std::uint32_t>(features.size()));
    for (std::uint32_t i = 0; i < features.size(); ++i) {
        list[i].set_name(features[i].name);
        list[i].set_active(features[i].active);
        list[i].set_note(features[i].note);
    }
    return call.done();
}

Outcome SystemInfoObject::processes(TypedCall<Interface::ProcessesParams, Interface::ProcessesResults> call) {
    constexpr std::uint32_t kMost = 112;       // as many as an answer holds
    Process* first = nullptr;
    std::uint32_t count = 0;
    std::uint32_t total = 0;
    for (Process* at = all_processes().front(); at != nullptr; at = all_processes().next(*at)) {
        ++total;
        if (at->pid() <= call.params().after() || count == kMost) continue;
        if (count++ == 0) first = at;
    }
    auto results = call.results();
    results.set_total(total);
    auto list = results.init_processes(count);
    Process* at = first;
    for (std::uint32_t i = 0; i < count; ++i, at = all_processes().next(*at)) {
        auto info = list[i];
        const Ledger& ledger = at->ledger();
        info.set_pid(at->pid());
        info.set_name(at->name());
        info.set_state(state_of(*at));
        info.set_threads(static_cast<std::uint16_t>(at->thread_count()));
        info.set_cpu_ns(at->cpu_ns);
        info.set_submissions(at->submissions);
        info.set_refusals(at->refusals);
        info.set_slots_used(at->table().used());
        info.set_slots_limit(at->table().size());
        info.set_pages_used(ledger.used(Resource::Pages));
        info.set_pages_limit(ledger.limit(Resource::Pages));
        info.set_object_bytes_used(ledger.used(Resource::ObjectBytes));
        info.set_object_bytes_limit(ledger.limit(Resource::ObjectBytes));
        info.set_calls_outstanding(at->calls_outstanding);
        info.set_started_ns(at->started_ns);
    }
    return call.done();
}

Outcome SystemInfoObject::capabilities(
    TypedCall<Interface::CapabilitiesParams, Interface::CapabilitiesResults> call) {
    auto results = call.results();
    for (Process* at = all_processes().front(); at != nullptr; at = all_processes().next(*at)) {
        if (at->pid() != call.params().pid()) continue;
        results.set_found(true);
        // As many as an answer holds: a label of up to 72 bytes each beside the entry itself.
        constexpr std::uint32_t kMost = 128;
        results.set_total(at->table().used());
        std::uint32_t count = 0;
        std::uint32_t next = 0;
        at->table().for_each([&](abi::Handle handle, const CapabilityTable::Slot&) {
            const auto slot = static_cast<std::uint32_t>(handle);
            if (slot < call.params().from()) return;
            if (count < kMost)
                ++count;
            else if (next == 0)
                next = slot;
        });
        results.set_next(next);
        auto list = results.init_capabilities(count);
        std::uint32_t i = 0;
        at->table().for_each([&](abi::Handle handle, const CapabilityTable::Slot& slot) {
            if (i == count || static_cast<std::uint32_t>(handle) < call.params().from()) return;
            auto info = list[i++];
            FixedText<72> label;
            slot.object->describe(label);
            info.set_handle(handle);
            info.set_interface_id(slot.interface_id);
            info.set_label(label.view());
        });
        break;
    }
    return call.done();
}

Outcome SystemInfoObject::log(TypedCall<Interface::LogParams, Interface::LogResults> call) {
    static char text[4096];
    const auto part = console::read_log(call.params().from(), text);
    auto results = call.results();
    results.set_text(std::string_view(text, part.bytes));
    results.set_next(part.next);
    results.set_lost(part.lost);
    return call.done();
}

Outcome SystemInfoObject::devices(TypedCall<Interface::DevicesParams, Interface::DevicesResults> call) {
    std::uint32_t count = 0;
    for_each_device([](const DeviceFacts&, void* at) { ++*static_cast<std::uint32_t*>(at); }, &count);
    if (count > 64) count = 64;
    struct Filling {
        decltype(call.results().init_devices(0)) list;
        std::uint32_t at;
        std::uint32_t count;
    } filling{call.results().init_devices(count), 0, count};
    for_each_device(
        [](const DeviceFacts& facts, void* context) {
            auto& to = *static_cast<Filling*>(context);
            if (to.at == to.count) return;
            auto info = to.list[to.at++];
            FixedText<8> bdf;
            bdf << Hex{static_cast<std::uint64_t>(facts.bdf >> 8), 2} << ':'
                << Hex{static_cast<std::uint64_t>(facts.bdf >> 3 & 31), 2} << '.' << (facts.bdf & 7u);
            info.set_bdf(bdf.view());
            info.set_vendor(facts.vendor);
            info.set_device(facts.device);
            info.set_class_code(facts.class_code);
            info.set_transport(facts.transport);
            info.set_msix_vectors(facts.msix_vectors);
            info.set_regime(facts.regime);
            info.set_holder(facts.holder);
            info.set_interrupts(facts.interrupts);
            info.set_doorbells(facts.doorbells);
            info.set_completions(facts.completions);
            info.set_misbehaviours(facts.misbehaviours);
            info.set_slots_in_flight(facts.slots_in_flight);
            info.set_claims(facts.claims);
        },
        &filling);
    return call.done();
}

Outcome SystemInfoObject::boot_steps(TypedCall<Interface::BootStepsParams, Interface::BootStepsResults> call) {
    const auto steps = boot_steps_recorded();
    auto list = call.results().init_steps(static_cast<std::uint32_t>(steps.size()));
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
        list[i].set_name(steps[i].name);
        list[i].set_at_ns(steps[i].at_ns);
    }
    return call.done();
}

}  // namespace capos::kernel
