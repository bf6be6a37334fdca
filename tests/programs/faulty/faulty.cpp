// A service that faults: `after` milliseconds (an option) from each start it writes through a null pointer, three calls
// deep, so that there is a backtrace to look at, and with a flag set that the kernel must not take over.
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "runtime/task.hpp"
#include "runtime/time.hpp"

// Not in a namespace, so that the names in the backtrace are plain. Each does something after its call, so that no call
// becomes a jump.
extern "C" {

[[gnu::noinline]] int fault_at_the_bottom(volatile int* nowhere) {
    // The alignment check flag, which in the kernel would suspend SMAP: it must not get there. Below the red zone.
    asm volatile("leaq -128(%%rsp), %%rsp\n pushfq\n orl $0x40000, (%%rsp)\n popfq\n leaq 128(%%rsp), %%rsp" : : : "cc", "memory");
    *nowhere = 1;
    return 1;
}

[[gnu::noinline]] int fault_in_the_middle(volatile int* nowhere) {
    const int result = fault_at_the_bottom(nowhere);
    return *nowhere + result;
}

[[gnu::noinline]] int fault_at_the_top(volatile int* nowhere) {
    const int result = fault_in_the_middle(nowhere);
    return *nowhere + result;
}
}

capos::rt::Task<int> capos_main() {
    using namespace capos;
    const std::uint64_t after = rt::option_number("after", 6000) * 1'000'000;
    rt::log_info("going to fault, as it is meant to");
    co_await rt::sleep_until(rt::now_ns() + after);
    co_return fault_at_the_top(nullptr);
}
