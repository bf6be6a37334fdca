# The kernel proper, without the CPU (kernel/arch) and devices (kernel/device).
set(KERNEL_CORE_SOURCES
    entries.cpp main.cpp
    cap/object.cpp cap/table.cpp
    console/console.cpp
    entropy/generator.cpp
    ipc/endpoint.cpp ipc/notification.cpp
    mem/accounts.cpp mem/ledger.cpp mem/slab.cpp
    object/address_space.cpp object/boot_bundle.cpp object/entropy.cpp object/factories.cpp object/log.cpp
    object/memory_object.cpp object/power.cpp object/root_objects.cpp object/system_info.cpp object/terminal.cpp object/timer.cpp
    process/init.cpp process/process.cpp process/process_calls.cpp process/refusals.cpp
    ring/delivery.cpp ring/kernel_call.cpp ring/queues.cpp ring/thread_ring.cpp
    sched/scheduler.cpp sched/thread.cpp)

list(APPEND KERNEL_LIBRARIES capos_elf capos_bundle)
