// Port I/O.
#include "kernel/arch/arch.hpp"

namespace capos::kernel::arch {

std::uint8_t in8(std::uint16_t port) { std::uint8_t value; asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port)); return value; }
std::uint16_t in16(std::uint16_t port) { std::uint16_t value; asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port)); return value; }
std::uint32_t in32(std::uint16_t port) { std::uint32_t value; asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port)); return value; }
void out8(std::uint16_t port, std::uint8_t value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
void out16(std::uint16_t port, std::uint16_t value) { asm volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
void out32(std::uint16_t port, std::uint32_t value) { asm volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }

}  // namespace capos::kernel::arch
