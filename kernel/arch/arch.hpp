// What the kernel asks of the CPU, and nothing else of it is known outside kernel/arch/x86_64.
//
// The kernel is an event handler: user mode is left through a system call, an interrupt or a fault; the entry code
// saves the user registers into the current ThreadContext, switches to this CPU's one kernel stack and calls the
// hooks at the end of this file. A hook never returns: it ends in resume() or idle(). Interrupts are off in the
// kernel except inside idle(). An interrupt taken in idle() enters the same hooks with an empty stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/base/result.hpp"

namespace capos::kernel {

enum class PhysAddr : std::uint64_t {};
using UserAddr = std::uint64_t;

enum class Protection : std::uint8_t { Read, ReadWrite, ReadExecute };

// Fixed ranges (4-level paging). Page 0 and the last page of the low half are never mapped.
inline constexpr std::uint64_t kPageSize = 4096;
inline constexpr std::uint64_t kUserFirst = 0x1000;
inline constexpr std::uint64_t kUserLimit = 0x0000'7fff'ffff'f000;     // first address not usable
#ifdef CAPOS_HOST
inline constexpr std::uint64_t kDirectMapBase = 0;                      // tests: a physical address is a host pointer
#else
inline constexpr std::uint64_t kDirectMapBase = 0xffff'8000'0000'0000;  // all RAM, writable, never executable
#endif
inline constexpr std::uint64_t kKernelBase = 0xffff'ffff'8000'0000;     // kernel image

// The direct map's view of a physical address.
inline void* direct(PhysAddr address) { return reinterpret_cast<void*>(kDirectMapBase + static_cast<std::uint64_t>(address)); }

class Thread;

}  // namespace capos::kernel

namespace capos::kernel::arch {

// Integer registers and extended state of a thread while it is not running. Lives in the Thread object.
struct alignas(64) ThreadContext {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rip, rsp, rflags;
    std::uint64_t by_syscall;        // 1: entered by SYSCALL, may leave by SYSRET when rip is canonical
    std::uint64_t extended_state;    // address of this thread's XSAVE area, extended_state_bytes() long, 64-aligned
};

std::size_t extended_state_bytes();
// Fresh context that will enter user mode at `entry` with RDI and RSI set and extended state in its initial form.
void context_start(ThreadContext& context, UserAddr entry, UserAddr stack, std::uint64_t rdi, std::uint64_t rsi,
                   void* extended_state);
inline void context_set_result(ThreadContext& context, std::uint64_t value) { context.rax = value; }

// Zeroes `count` frames from `first` on, faster than memset.
void zero_frames(PhysAddr first, std::size_t count);

// Page tables. Frames for tables come from `take_frame` / go to `give_frame` of the owner so that they are charged.
class FrameSource {
public:
    virtual Result<PhysAddr> take_frame() = 0;      // zeroed
    virtual void give_frame(PhysAddr frame) = 0;
protected:
    ~FrameSource() = default;
};

class PageTables {
public:
    // An address space with the kernel's half in place. Error: what the source answers.
    Result<void> create(FrameSource& source);
    // Maps one page; every table it needs is taken first, so an error leaves nothing half done.
    // AlreadyExists when something is mapped there.
    Result<void> map(FrameSource& source, UserAddr address, PhysAddr frame, Protection protection);
    // `pages` from `address` on; where nothing is mapped: no effect. This CPU's TLB does not show it any more afterwards.
    void unmap(UserAddr address, std::uint64_t pages);
    void protect(UserAddr address, std::uint64_t pages, Protection protection);
    // Gives at most `most` tables back: true when that was all. The space must not be loaded; it is not used any more.
    bool destroy(FrameSource& source, std::uint64_t most);
    bool exists() const { return root_ != 0; }
    // Loads it unless it is loaded already. Returns whether the address space changed (counted by the caller).
    bool activate();
private:
    // Puts `flags` on the frames that are mapped there, or, when they are 0, takes them out.
    void change(UserAddr address, std::uint64_t pages, std::uint64_t flags);

    std::uint64_t root_ = 0;
    // The last table of leaves that map() used: neighbouring pages go into the same one.
    std::uint64_t leaves_ = 0;
    UserAddr leaves_address_ = ~UserAddr{0};
};
// Loads the kernel's own tables, so that any user space can be destroyed.
void activate_kernel_space();

// Time. Nanoseconds since the kernel's first instruction; monotonic. A first, short measurement serves from the start;
// once, some half a second later, the long one is better and on_clock_changed() is called.
std::uint64_t now_ns();
// One-shot: on_timer() is called at or shortly after `deadline_ns`; a later call replaces it; ~0 disarms.
void arm_timer(std::uint64_t deadline_ns);
struct Clock { std::uint64_t multiplier; std::uint32_t shift; std::uint64_t tsc_base; std::uint64_t offset_ns;
               std::uint64_t tsc_hz; const char* source; };
const Clock& clock();

// Interrupts for devices. Vectors are allocated from a fixed range; handler context is the hook on_device_interrupt.
Result<std::uint8_t> allocate_vector();
void free_vector(std::uint8_t vector);
struct MsiMessage { std::uint64_t address; std::uint32_t data; };
MsiMessage msi_message(std::uint8_t vector);
// Routes a legacy line (PCI interrupt line register / GSI as ACPI says) to `vector`, level triggered, masked. NotFound:
// no I/O APIC has it; Busy: it is the kernel's own (the ACPI interrupt).
Result<void> route_line(std::uint8_t line, std::uint8_t vector);
void mask_line(std::uint8_t line);
void unmask_line(std::uint8_t line);
void end_of_interrupt();

// Port I/O and uncached device memory (kernel/device only).
std::uint8_t in8(std::uint16_t port);   void out8(std::uint16_t port, std::uint8_t value);
std::uint16_t in16(std::uint16_t port); void out16(std::uint16_t port, std::uint16_t value);
std::uint32_t in32(std::uint16_t port); void out32(std::uint16_t port, std::uint32_t value);
// Whether a device's registers can be there: below the CPU's physical limit, and nothing of the machine's memory.
bool is_device_range(PhysAddr first, std::uint64_t bytes);
// Maps device memory uncached into the kernel half. InvalidArgument: not is_device_range(). OutOfMemory: the window range
// or the memory for its tables is used up.
Result<volatile std::byte*> map_device(PhysAddr address, std::size_t bytes);

// Randomness from the CPU: false when the instruction is missing or keeps failing.
bool rdseed(std::uint64_t& out);
bool rdrand(std::uint64_t& out);
std::uint64_t timestamp();               // raw TSC, for jitter
std::uint64_t timestamp_to_ns(std::uint64_t timestamp);   // on the scale of now_ns(); once the clock is calibrated

// `needed`: false when this CPU is safe without it.
struct Feature { const char* name; bool active; const char* note; bool needed = true; };
// Mitigations and protections, as they are set on this machine: W^X, NX, SMEP, SMAP, UMIP, KPTI, IBPB, retpoline, MDS clear.
std::span<const Feature> mitigations();
const char* cpu_model();
std::uint32_t cpus_present();

// User memory as a fault handler needs it: reads `bytes` at `address` of the *loaded* space if it is mapped readable
// there, without faulting. Used only to walk a dead process's frame pointers.
bool peek_user(UserAddr address, void* out, std::size_t bytes);

// Leaving the kernel.
[[noreturn]] void resume(ThreadContext& context);  // sets the CPU's current context; restores extended state if `context` is not what it holds
[[noreturn]] void idle();                           // halts until an interrupt
void save_extended_state(ThreadContext& context);   // before another thread's resume

// Serial port (COM1) for the console; panic polls, everything else is queued by kernel/console.
bool uart_try_put(char byte);
bool uart_try_get(char& byte);
void uart_interrupts(bool receive, bool transmit);  // raises on_uart()
bool uart_pending();                                // something that raises on_uart(); asking takes a transmit one back
void uart_raise_again();                            // on_uart() comes again for what is pending

[[noreturn]] void power_off();
[[noreturn]] void reset();
[[noreturn]] void exit_vm(std::uint8_t status);     // isa-debug-exit 0xf4; only with panic=exit

// Hooks that the kernel proper implements. None returns, but for on_clock_changed().
}  // namespace capos::kernel::arch

namespace capos::kernel {

struct FaultInfo { std::uint32_t vector; std::uint64_t error_code; std::uint64_t address; };

[[noreturn]] void on_syscall(arch::ThreadContext& context, std::uint64_t number, std::uint64_t a, std::uint64_t b);
[[noreturn]] void on_user_fault(arch::ThreadContext& context, const FaultInfo& fault);
[[noreturn]] void on_timer();
[[noreturn]] void on_device_interrupt(std::uint8_t vector);
[[noreturn]] void on_uart();
void on_clock_changed();                             // clock() differs now; from then on, continuing where it was. Returns
[[noreturn]] void on_power_button();                 // ACPI SCI, fixed power button; already acknowledged

// Fatal: prints the panic block (docs/operations), then exit_vm or reset. Takes no lock, allocates nothing.
[[noreturn]] void panic(const char* reason);

}  // namespace capos::kernel
