#include "kernel/arch/x86_64/features.hpp"

#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"

namespace capos::kernel::arch {

CpuFeatures cpu_features;

namespace {

// CR4 bits (Intel SDM 3A, 2.5).
constexpr std::uint64_t kCr4DebugExtensions = 1 << 3;
constexpr std::uint64_t kCr4MachineCheck = 1 << 6;
constexpr std::uint64_t kCr4GlobalPages = 1 << 7;
constexpr std::uint64_t kCr4Fxsave = 1 << 9;
constexpr std::uint64_t kCr4SimdExceptions = 1 << 10;
constexpr std::uint64_t kCr4Umip = 1 << 11;
constexpr std::uint64_t kCr4Xsave = 1 << 18;
constexpr std::uint64_t kCr4Smep = 1 << 20;
constexpr std::uint64_t kCr4Smap = 1 << 21;
constexpr std::uint64_t kCr4Pae = 1 << 5;

// XCR0: x87, SSE, AVX. Larger states (AVX-512, AMX) and PKRU stay off: programs are built without them and every
// switch would pay for them.
constexpr std::uint32_t kStateX87Sse = 0x3;
constexpr std::uint32_t kStateAvx = 0x4;
constexpr std::uint32_t kFxsaveBytes = 512;

char model_name[49];

bool bit(std::uint32_t value, unsigned index) { return ((value >> index) & 1) != 0; }

void read_model_name() {
    if (cpuid(0x80000000).eax < 0x80000004) {
        std::memcpy(model_name, "unknown x86-64", 15);
        return;
    }
    for (std::uint32_t i = 0; i < 3; ++i) {
        const CpuidResult part = cpuid(0x80000002 + i);
        std::memcpy(model_name + 16 * i, &part, 16);
    }
    std::size_t blanks = 0;
    while (blanks < 48 && model_name[blanks] == ' ') ++blanks;
    std::memmove(model_name, model_name + blanks, sizeof model_name - blanks);
}

void write_xcr0(std::uint64_t value) {
    asm volatile("xsetbv" : : "c"(0), "a"(static_cast<std::uint32_t>(value)), "d"(static_cast<std::uint32_t>(value >> 32)));
}

void detect_speculation(const CpuidResult& leaf7) {
    CpuFeatures& f = cpu_features;
    f.indirect_branch_barrier = bit(leaf7.edx, 26) || (f.amd && cpuid(0x80000000).eax >= 0x80000008 && bit(cpuid(0x80000008).ebx, 12));
    f.clears_buffers = bit(leaf7.edx, 10);
    std::uint64_t capabilities = 0;
    if (bit(leaf7.edx, 29)) capabilities = read_msr(kMsrArchCapabilities);
    f.meltdown_immune = f.amd || (capabilities & 1) != 0;
    f.sampling_immune = f.amd || (capabilities & (1 << 5)) != 0;
    f.enhanced_restriction = bit(leaf7.edx, 26) && (capabilities & 2) != 0;
    if (f.enhanced_restriction) write_msr(kMsrSpeculationControl, 1);
}

}  // namespace

void detect_features() {
    CpuFeatures& f = cpu_features;
    const CpuidResult leaf0 = cpuid(0);
    const CpuidResult leaf1 = cpuid(1);
    const CpuidResult leaf7 = leaf0.eax >= 7 ? cpuid(7) : CpuidResult{};
    const CpuidResult extended = cpuid(0x80000001);
    const bool hygon = leaf0.ebx == 0x6f677948;
    f.amd = leaf0.ebx == 0x68747541 || hygon;               // "Auth"enticAMD, "Hygo"nGenuine
    f.apic_id = leaf1.ebx >> 24;
    f.rdrand = bit(leaf1.ecx, 30);
    f.hypervisor = bit(leaf1.ecx, 31);
    f.xsave = bit(leaf1.ecx, 26);
    f.avx = f.xsave && bit(leaf1.ecx, 28);
    f.smep = bit(leaf7.ebx, 7);
    f.smap = bit(leaf7.ebx, 20);
    f.umip = bit(leaf7.ecx, 2);
    f.rdseed = bit(leaf7.ebx, 18);
    f.large_pages_1g = bit(extended.edx, 26);
    f.x2apic_enabled = (read_msr(kMsrApicBase) & (1 << 10)) != 0;
    const std::uint8_t width = cpuid(0x80000000).eax >= 0x80000008 ? cpuid(0x80000008).eax & 0xff : 36;
    f.physical_bits = width < 32 ? 32 : width > 52 ? 52 : width;
    detect_speculation(leaf7);
    read_model_name();

    std::uint64_t cr4 = kCr4Pae | kCr4GlobalPages | kCr4Fxsave | kCr4SimdExceptions | kCr4DebugExtensions;
    if (bit(leaf1.edx, 7)) cr4 |= kCr4MachineCheck;
    if (f.umip) cr4 |= kCr4Umip;
    if (f.smep) cr4 |= kCr4Smep;
    if (f.smap) cr4 |= kCr4Smap;
    if (f.xsave) cr4 |= kCr4Xsave;
    write_cr4(cr4);
    asm volatile("movq %0, %%dr7" : : "r"(std::uint64_t{0x400}));   // no breakpoints left over from before

    f.extended_state_bytes = kFxsaveBytes;
    if (f.xsave) {
        write_xcr0(kStateX87Sse | (f.avx ? kStateAvx : 0));
        f.extended_state_bytes = cpuid(0xd, 0).ebx;
        f.xsaveopt = bit(cpuid(0xd, 1).eax, 0);
    }
    asm volatile("fninit");
}

const char* cpu_model() { return model_name; }

std::span<const Feature> mitigations() {
    static Feature table[9];
    const CpuFeatures& f = cpu_features;
    // The kernel's own tables were looked through when they had been built; programs' are made of leaf_flags() alone.
    table[0] = {"W^X", f.kernel_keeps_wx,
                f.kernel_keeps_wx ? "no page is writable and executable" : "a page of the kernel's is both"};
    const bool no_execute = (read_msr(kMsrEfer) & (1 << 11)) != 0;
    table[1] = {"NX", no_execute, no_execute ? "" : "switched off"};
    table[2] = {"SMEP", f.smep, f.smep ? "" : "not in this CPU"};
    table[3] = {"SMAP", f.smap, f.smap ? "" : "not in this CPU"};
    table[4] = {"UMIP", f.umip, f.umip ? "" : "not in this CPU"};
    const bool isolated = boot_cpu.kernel_root != 0;
    table[5] = {"KPTI", isolated, f.meltdown_immune ? "CPU not affected" : isolated ? "" : "switched off on the command line", !f.meltdown_immune};
    table[6] = {"IBPB", f.indirect_branch_barrier, f.indirect_branch_barrier ? "" : "not in this CPU"};
    table[7] = {"retpoline", false, f.enhanced_restriction ? "enhanced IBRS is on instead" : "the kernel is built without",
                !f.enhanced_restriction};
    table[8] = {"MDS clear", boot_cpu.clear_buffers, f.sampling_immune ? "CPU not affected" : f.clears_buffers ? "" : "not in this CPU",
                !f.sampling_immune};
    return table;
}

bool rdrand(std::uint64_t& out) {
    if (!cpu_features.rdrand) return false;
    for (int attempt = 0; attempt < 10; ++attempt) {
        bool good;
        asm volatile("rdrand %0" : "=r"(out), "=@ccc"(good));
        if (good) return true;
    }
    return false;
}

bool rdseed(std::uint64_t& out) {
    if (!cpu_features.rdseed) return false;
    for (int attempt = 0; attempt < 100; ++attempt) {
        bool good;
        asm volatile("rdseed %0" : "=r"(out), "=@ccc"(good));
        if (good) return true;
        relax();
    }
    return false;
}

std::uint64_t timestamp() { return read_tsc(); }

}  // namespace capos::kernel::arch
