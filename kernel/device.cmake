# Devices: PCI, claims, brokers, interrupts.
set(KERNEL_DEVICE_SOURCES
    device/broker/split_queue.cpp
    device/frame_block.cpp device/function.cpp device/function_reset.cpp device/interrupts.cpp
    device/mechanism1.cpp device/msix_table.cpp device/queue_memory.cpp device/registry.cpp
    device/object/brokered_queue.cpp device/object/device_registers.cpp device/object/dma_pool.cpp
    device/object/interrupt.cpp device/object/pci_bus.cpp device/object/pci_function.cpp
    device/object/queue_broker.cpp)
list(APPEND KERNEL_LIBRARIES capos_pci capos_virtio)
