// Physical memory for a FrameAllocator on the host: address space that costs nothing until it is touched.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#include "kernel/mem/frames.hpp"

namespace capos::test {

class Arena {
public:
    explicit Arena(std::size_t bytes) : bytes_(bytes) {
        memory_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory_ == MAP_FAILED) std::abort();
    }
    ~Arena() { munmap(memory_, bytes_); }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    // Where physical address 0 is.
    std::uint64_t base() const { return reinterpret_cast<std::uint64_t>(memory_); }

private:
    void* memory_;
    std::size_t bytes_;
};

}  // namespace capos::test
