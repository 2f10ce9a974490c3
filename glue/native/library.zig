//! What the shared library tells of itself. The kernels are linked to it, compiled once per variant, and carry the
//! variant's name in theirs.
const builtin = @import("builtin");

/// The variants that this processor can run, the best first, separated by spaces.
export fn tributary_variants() [*:0]const u8 {
    if (builtin.cpu.arch == .x86_64 and hasV3()) return "v3 baseline";
    return "baseline";
}

/// Whether the processor has, and the system saves, what the level x86-64-v3 of the psABI asks for.
fn hasV3() bool {
    // SSE3, SSSE3, FMA, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX, F16C
    const basic = bits(.{ 0, 9, 12, 13, 19, 20, 22, 23, 27, 28, 29 });
    const bmi1_avx2_bmi2 = bits(.{ 3, 5, 8 });
    const lahf_lzcnt = bits(.{ 0, 5 });
    const sse_avx_saved = bits(.{ 1, 2 });
    return cpuid(0).eax >= 7 and cpuid(0x8000_0000).eax >= 0x8000_0001 and
        cpuid(1).ecx & basic == basic and
        cpuid(7).ebx & bmi1_avx2_bmi2 == bmi1_avx2_bmi2 and
        cpuid(0x8000_0001).ecx & lahf_lzcnt == lahf_lzcnt and
        savedRegisters() & sse_avx_saved == sse_avx_saved;
}

fn bits(comptime positions: anytype) u32 {
    comptime var mask: u32 = 0;
    inline for (positions) |position| mask |= 1 << position;
    return mask;
}

const Leaf = struct { eax: u32, ebx: u32, ecx: u32 };

fn cpuid(leaf: u32) Leaf {
    var eax: u32 = undefined;
    var ebx: u32 = undefined;
    var ecx: u32 = undefined;
    asm volatile ("cpuid"
        : [_] "={eax}" (eax),
          [_] "={ebx}" (ebx),
          [_] "={ecx}" (ecx),
        : [_] "{eax}" (leaf),
          [_] "{ecx}" (@as(u32, 0)),
        : .{ .edx = true });
    return .{ .eax = eax, .ebx = ebx, .ecx = ecx };
}

/// The register sets that the system saves for a thread (XCR0); only where OSXSAVE is set.
fn savedRegisters() u32 {
    return asm volatile ("xgetbv"
        : [_] "={eax}" (-> u32),
        : [_] "{ecx}" (@as(u32, 0)),
        : .{ .edx = true });
}
