// The ways into the kernel and out of it. Offsets are those of ThreadContext and Cpu (cpu.hpp asserts them).
//
// The kernel runs with interrupts off. GS is the kernel's in kernel mode and the user's (0) in user mode; NMI, #DF and
// #MC can come between, and the kernel's own faults as well, so kernel_fault sets GS itself, and it never returns.
//
// On CPUs that speculate past page permissions (Meltdown) programs run on page tables that show no more of the kernel
// than this file's text, the descriptor tables, the Cpu and the entry stacks. Entry then loads CR3 before it touches
// anything else, and leaving loads it back last: the _isolated variants. A program's registers are never kept in memory
// that its own page tables show.

#define CPU_CONTEXT %gs:8
#define CPU_KERNEL_STACK %gs:16
#define CPU_USER_STACK %gs:24
#define CPU_IDLING %gs:32
#define CPU_ENTRY_STACK %gs:40
#define CPU_KERNEL_ROOT %gs:48
#define CPU_USER_ROOT %gs:56

#define C_RAX 0
#define C_RBX 8
#define C_RCX 16
#define C_RDX 24
#define C_RSI 32
#define C_RDI 40
#define C_RBP 48
#define C_R8 56
#define C_R9 64
#define C_R10 72
#define C_R11 80
#define C_R12 88
#define C_R13 96
#define C_R14 104
#define C_R15 112
#define C_RIP 120
#define C_RSP 128
#define C_RFLAGS 136
#define C_BY_SYSCALL 144

#define USER_DATA 0x23
#define USER_CODE 0x2b

#define FLAGS_NONE 0x2                          // the bit that is always 1
#define FLAGS_AC (1 << 18)

    .section .text.shared, "ax"

// ---- System call: RAX number, RDI and RSI arguments, RCX return address, R11 flags. Saves what SYSRET must bring
// back; the other registers come back as 0 (abi/syscall.hpp). ----
    .globl syscall_entry_isolated
    .balign 16
syscall_entry_isolated:
    swapgs
    movq %rsp, CPU_USER_STACK
    movq CPU_KERNEL_ROOT, %rsp
    movq %rsp, %cr3
    jmp save_after_syscall

    .globl syscall_entry
    .balign 16
syscall_entry:
    swapgs
    movq %rsp, CPU_USER_STACK
save_after_syscall:
    movq CPU_CONTEXT, %rsp
    movq %rbx, C_RBX(%rsp)
    movq %rbp, C_RBP(%rsp)
    movq %r12, C_R12(%rsp)
    movq %r13, C_R13(%rsp)
    movq %r14, C_R14(%rsp)
    movq %r15, C_R15(%rsp)
    movq %rcx, C_RIP(%rsp)
    movq %r11, C_RFLAGS(%rsp)
    movq $1, C_BY_SYSCALL(%rsp)
    movq CPU_USER_STACK, %rcx
    movq %rcx, C_RSP(%rsp)
    movq %rsi, %rcx
    movq %rdi, %rdx
    movq %rax, %rsi
    movq %rsp, %rdi
    movq CPU_KERNEL_STACK, %rsp
    xorl %ebp, %ebp
    call system_call_entered
    ud2

// ---- Back to user mode by SYSRET. RDI = context, whose RIP is known to be canonical. ----
    .macro define_leave_by_sysret name, isolated
    .globl \name
    .balign 16
\name:
    movq C_RAX(%rdi), %rax
    movq C_RBX(%rdi), %rbx
    movq C_RBP(%rdi), %rbp
    movq C_R12(%rdi), %r12
    movq C_R13(%rdi), %r13
    movq C_R14(%rdi), %r14
    movq C_R15(%rdi), %r15
    movq C_RIP(%rdi), %rcx
    movq C_RFLAGS(%rdi), %r11
    movq C_RSP(%rdi), %rsp
    .if \isolated
    movq CPU_USER_ROOT, %rdx
    movq %rdx, %cr3
    .endif
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    swapgs
    sysretq
    .endm
    define_leave_by_sysret leave_by_sysret, 0
    define_leave_by_sysret leave_by_sysret_isolated, 1

// ---- Back to user mode with every register. RDI = context. ----
    .macro define_leave_by_iret name, isolated
    .globl \name
    .balign 16
\name:
    movq CPU_ENTRY_STACK, %rsp
    pushq $USER_DATA
    pushq C_RSP(%rdi)
    pushq C_RFLAGS(%rdi)
    pushq $USER_CODE
    pushq C_RIP(%rdi)
    pushq C_RDI(%rdi)
    movq C_RAX(%rdi), %rax
    movq C_RBX(%rdi), %rbx
    movq C_RCX(%rdi), %rcx
    movq C_RDX(%rdi), %rdx
    movq C_RSI(%rdi), %rsi
    movq C_RBP(%rdi), %rbp
    movq C_R8(%rdi), %r8
    movq C_R9(%rdi), %r9
    movq C_R10(%rdi), %r10
    movq C_R11(%rdi), %r11
    movq C_R12(%rdi), %r12
    movq C_R13(%rdi), %r13
    movq C_R14(%rdi), %r14
    movq C_R15(%rdi), %r15
    .if \isolated
    movq CPU_USER_ROOT, %rdi
    movq %rdi, %cr3
    .endif
    popq %rdi
    swapgs
    iretq
    .endm
    define_leave_by_iret leave_by_iret, 0
    define_leave_by_iret leave_by_iret_isolated, 1

// ---- Sleep until an interrupt. RDI = stack top. STI takes effect after HLT has begun, so none is missed. ----
    .globl wait_for_interrupt
    .balign 16
wait_for_interrupt:
    movq %rdi, %rsp
    xorl %ebp, %ebp
    movq $1, CPU_IDLING
1:  sti
    hlt
    cli
    jmp 1b

// ---- Interrupts and exceptions. On the stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. ----
    .balign 16
interrupt_common:
    testb $3, 24(%rsp)
    jz from_kernel
    swapgs
    lfence                                      // no speculation past here with the user's GS
    pushq %rax
    movq CPU_KERNEL_ROOT, %rax
    testq %rax, %rax
    jz 1f
    movq %rax, %cr3
1:  movq CPU_CONTEXT, %rax
    movq %rbx, C_RBX(%rax)
    movq %rcx, C_RCX(%rax)
    movq %rdx, C_RDX(%rax)
    movq %rsi, C_RSI(%rax)
    movq %rdi, C_RDI(%rax)
    movq %rbp, C_RBP(%rax)
    movq %r8, C_R8(%rax)
    movq %r9, C_R9(%rax)
    movq %r10, C_R10(%rax)
    movq %r11, C_R11(%rax)
    movq %r12, C_R12(%rax)
    movq %r13, C_R13(%rax)
    movq %r14, C_R14(%rax)
    movq %r15, C_R15(%rax)
    popq C_RAX(%rax)
    popq %rsi                                   // vector
    popq %rdx                                   // error code
    popq C_RIP(%rax)
    popq %rcx
    popq C_RFLAGS(%rax)
    popq C_RSP(%rax)
    movq $0, C_BY_SYSCALL(%rax)
    movq CPU_KERNEL_STACK, %rsp
    cld
    testl $FLAGS_AC, C_RFLAGS(%rax)
    jnz 3f
2:  xorl %ebp, %ebp
    movq %rax, %rdi
    call trap_from_user
    ud2
    // An interrupt gate leaves AC as the program had it, and AC suspends SMAP (Intel SDM 3A, 4.6.1). CLAC would do, but
    // not on every CPU.
3:  pushq $FLAGS_NONE
    popfq
    jmp 2b

from_kernel:
    // Expected only from idle(), whose frame is dropped. Everything else is the kernel's own fault.
    cmpq $32, (%rsp)
    jb kernel_fault
    cmpq $1, CPU_IDLING
    jne kernel_fault
    movq (%rsp), %rdi
    movq CPU_KERNEL_STACK, %rsp
    movq $0, CPU_IDLING
    cld
    xorl %ebp, %ebp
    call interrupt_from_idle
    ud2

kernel_fault:
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq $FLAGS_NONE                           // no DF, and no AC, which would suspend SMAP
    popfq
    movq boot_cpu + 48(%rip), %rax              // CPU_KERNEL_ROOT, while GS may be the user's
    testq %rax, %rax
    jz 1f
    movq %rax, %cr3
1:  movl $0xc0000101, %ecx                      // GS base: whatever it was, it is the kernel's now
    movq $boot_cpu, %rax
    movq %rax, %rdx
    shrq $32, %rdx
    wrmsr
    movq %rsp, %rdi
    andq $-16, %rsp
    call kernel_exception
    ud2

// One stub per vector. The CPU pushes an error code for 8, 10..14, 17, 21, 29 and 30.
    .altmacro
    .macro interrupt_stub number
    .balign 16
interrupt_stub_\number:
    .if (\number == 8) || (\number >= 10 && \number <= 14) || (\number == 17) || (\number == 21) || (\number == 29) || (\number == 30)
    .else
    pushq $0
    .endif
    pushq $\number
    .if (\number == 2) || (\number == 8) || (\number == 18)
    jmp kernel_fault                            // on a stack of its own, from anywhere, never back
    .else
    jmp interrupt_common
    .endif
    .endm
    .macro interrupt_address number
    .quad interrupt_stub_\number
    .endm

    .set index, 0
    .rept 256
    interrupt_stub %index
    .set index, index + 1
    .endr

    .section .rodata
    .globl interrupt_stubs
    .balign 8
interrupt_stubs:
    .set index, 0
    .rept 256
    interrupt_address %index
    .set index, index + 1
    .endr

    .section .note.GNU-stack, "", @progbits
