#include "runtime/time.hpp"

#include "abi/time_page.hpp"

namespace capos::rt {

namespace {
constinit const abi::TimePage* time_page = nullptr;
}

void detail::set_time_page(const void* page) { time_page = static_cast<const abi::TimePage*>(page); }

bool has_clock() { return time_page != nullptr; }

std::uint64_t now_ns() {
    if (time_page == nullptr) return 0;
    for (;;) {
        const std::uint32_t before = __atomic_load_n(&time_page->sequence, __ATOMIC_ACQUIRE);
        const std::uint32_t shift = __atomic_load_n(&time_page->shift, __ATOMIC_RELAXED);
        const std::uint64_t multiplier = __atomic_load_n(&time_page->multiplier, __ATOMIC_RELAXED);
        const std::uint64_t base = __atomic_load_n(&time_page->tsc_base, __ATOMIC_RELAXED);
        const std::uint64_t offset = __atomic_load_n(&time_page->offset_ns, __ATOMIC_RELAXED);
        const std::uint64_t ticks = __builtin_ia32_rdtsc() - base;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        const std::uint32_t after = __atomic_load_n(&time_page->sequence, __ATOMIC_RELAXED);
        if ((before & 1) != 0 || before != after) continue;
        return offset + static_cast<std::uint64_t>((static_cast<unsigned __int128>(ticks) * multiplier) >> (shift & 63));
    }
}

}  // namespace capos::rt
