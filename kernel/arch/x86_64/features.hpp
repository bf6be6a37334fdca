// What this CPU has, and what of it is switched on.
#pragma once

#include <cstdint>

namespace capos::kernel::arch {

struct CpuFeatures {
    bool smep, smap, umip;
    bool xsave, xsaveopt, avx;
    bool large_pages_1g;
    bool rdrand, rdseed;
    bool x2apic_enabled;        // by the firmware
    bool hypervisor;
    bool amd;
    bool indirect_branch_barrier;       // IBPB
    bool enhanced_restriction;          // IBRS that stays on
    bool clears_buffers;                // VERW clears microarchitectural buffers
    bool meltdown_immune;               // RDCL_NO, or a vendor that never was affected
    bool sampling_immune;               // MDS_NO
    bool kernel_keeps_wx;               // found when the kernel's tables had been built
    std::uint8_t physical_bits;         // width of a physical address, 32..52
    std::uint32_t apic_id;
    std::uint32_t extended_state_bytes; // of an XSAVE (or FXSAVE) area for the components switched on
};

// As found by detect_features().
extern CpuFeatures cpu_features;

// Reads CPUID and sets CR4, XCR0 and speculation control, which stay as they are. CR0 and EFER are boot.S's.
void detect_features();

}  // namespace capos::kernel::arch
