// The first instructions: one 32-bit entry for GRUB (multiboot2, BIOS and UEFI) and for PVH.
//
// Both arrive in protected mode with flat segments, paging off and EBX = physical address of the boot information.
// Multiboot2 says so by EAX (multiboot2 specification 1.6 or 2.0, section 3.3); PVH by the magic that EBX points at.
// What happens here: note the time, say that we are there, check for 64-bit mode and NX, map the first 4 GiB at 0, at
// kDirectMapBase and the image at kKernelBase, zero .bss, and call kernel_start(EAX, EBX) with a stack.

#define KERNEL_BASE 0xffffffff80000000
#define PHYS(symbol) ((symbol) - KERNEL_BASE)

#define PRESENT_WRITE 0x03
#define LARGE_PRESENT_WRITE 0x83

#define COM1 0x3f8

    // ---- Multiboot2 header (specification section 3.1), 8-aligned within the first 32 KiB ----
    .section .multiboot, "ax"
    .balign 8
multiboot_header:
    .long 0xe85250d6
    .long 0                                     // i386, protected mode
    .long multiboot_header_end - multiboot_header
    .long 0x100000000 - 0xe85250d6 - (multiboot_header_end - multiboot_header)
    // Information that must be there: memory map (6).
    .balign 8
    .short 1, 0
    .long 12
    .long 6
    // Entry address, physical.
    .balign 8
    .short 3, 0
    .long 12
    .long PHYS(kernel_entry)
    // Modules on page boundaries.
    .balign 8
    .short 6, 0
    .long 8
    // End.
    .balign 8
    .short 0, 0
    .long 8
multiboot_header_end:

    // ---- PVH note: 32-bit physical entry (XEN_ELFNOTE_PHYS32_ENTRY = 18) ----
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad PHYS(kernel_entry)

    // ---- The entry ----
    .section .text.entry, "ax"
    .code32
    .globl kernel_entry
kernel_entry:
    cli
    cld
    movl %eax, PHYS(boot_magic)
    movl %ebx, PHYS(boot_information)
    rdtsc
    movl %eax, PHYS(boot_tsc)
    movl %edx, PHYS(boot_tsc + 4)
    movl $PHYS(boot_stack_top), %esp

    call serial_start
    movl $PHYS(text_starting), %esi
    call serial_print

    // 64-bit mode and NX are required (CPUID 8000_0001h EDX bits 29 and 20).
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    testl $(1 << 29), %edx
    jz no_long_mode
    testl $(1 << 20), %edx
    jz no_execute_disable

    // First page tables: 2 MiB pages over the first 4 GiB, seen at 0 and at kDirectMapBase (one table for both), and
    // the first GiB of it again at kKernelBase.
    xorl %eax, %eax
    movl $PHYS(boot_pml4), %edi
    movl $(3 * 1024), %ecx
    rep stosl
    movl $(PHYS(boot_pdpt) + PRESENT_WRITE), PHYS(boot_pml4)
    movl $(PHYS(boot_pdpt) + PRESENT_WRITE), PHYS(boot_pml4 + 256 * 8)
    movl $(PHYS(boot_kernel_pdpt) + PRESENT_WRITE), PHYS(boot_pml4 + 511 * 8)
    movl $(PHYS(boot_directories) + PRESENT_WRITE), PHYS(boot_kernel_pdpt + 510 * 8)
    movl $(PHYS(boot_directories) + PRESENT_WRITE), PHYS(boot_pdpt)
    movl $(PHYS(boot_directories) + 0x1000 + PRESENT_WRITE), PHYS(boot_pdpt + 8)
    movl $(PHYS(boot_directories) + 0x2000 + PRESENT_WRITE), PHYS(boot_pdpt + 16)
    movl $(PHYS(boot_directories) + 0x3000 + PRESENT_WRITE), PHYS(boot_pdpt + 24)
    movl $PHYS(boot_directories), %edi
    movl $LARGE_PRESENT_WRITE, %eax
    movl $2048, %ecx
1:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $0x200000, %eax
    addl $8, %edi
    decl %ecx
    jnz 1b

    movl %cr4, %eax
    orl $(1 << 5), %eax                         // PAE
    movl %eax, %cr4
    movl $PHYS(boot_pml4), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx                      // EFER: long mode, NX
    rdmsr
    orl $((1 << 8) | (1 << 11)), %eax
    wrmsr
    movl %cr0, %eax
    andl $~((1 << 2) | (1 << 3) | (1 << 29) | (1 << 30)), %eax  // no EM, TS, NW, CD
    orl $((1 << 31) | (1 << 16) | (1 << 5) | (1 << 1) | 1), %eax  // PG, WP, NE, MP, PE
    movl %eax, %cr0
    lgdt PHYS(boot_gdt_pointer)
    ljmp $0x08, $PHYS(long_mode_low)

no_long_mode:
    movl $PHYS(text_no_long_mode), %esi
    jmp 1f
no_execute_disable:
    movl $PHYS(text_no_nx), %esi
1:  call serial_print
    // About ten seconds: the counter's upper half moves on every one to two. Then the chipset's reset register.
    rdtsc
    leal 7(%edx), %ecx
2:  pause
    rdtsc
    cmpl %ecx, %edx
    jne 2b
    movw $0xcf9, %dx
    movb $0x06, %al
    outb %al, %dx
3:  hlt
    jmp 3b

// COM1 at 115200 8N1 with its FIFOs on.
serial_start:
    movl $PHYS(serial_setup), %esi
1:  movzwl (%esi), %edx
    testl %edx, %edx
    jz 2f
    movb 2(%esi), %al
    outb %al, %dx
    addl $3, %esi
    jmp 1b
2:  ret

// Prints the zero-terminated text at ESI; gives up on a port that never becomes ready.
serial_print:
    movb (%esi), %bl
    testb %bl, %bl
    jz 3f
    movl $100000, %ecx
1:  movw $(COM1 + 5), %dx
    inb %dx, %al
    testb $0x20, %al
    jnz 2f
    decl %ecx
    jnz 1b
2:  movw $COM1, %dx
    movb %bl, %al
    outb %al, %dx
    incl %esi
    jmp serial_print
3:  ret

    .code64
long_mode_low:
    movabsq $long_mode_high, %rax
    jmpq *%rax
long_mode_high:
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl %eax, %ss
    movq $kernel_stack_top, %rsp
    xorl %ebp, %ebp
    movq $kernel_bss_start, %rdi
    movq $kernel_bss_end, %rcx
    subq %rdi, %rcx
    shrq $3, %rcx
    rep stosq
    movl boot_magic(%rip), %edi
    movl boot_information(%rip), %esi
    call kernel_start
    ud2

    .section .rodata
serial_setup:
    .short COM1 + 1
    .byte 0x00                                  // no interrupts
    .short COM1 + 3
    .byte 0x80                                  // divisor access
    .short COM1 + 0
    .byte 0x01                                  // 115200
    .short COM1 + 1
    .byte 0x00
    .short COM1 + 3
    .byte 0x03                                  // 8N1
    .short COM1 + 2
    .byte 0xc7                                  // FIFOs on and cleared
    .short COM1 + 4
    .byte 0x0b                                  // DTR, RTS, interrupt line on
    .short 0
text_starting:
    .asciz "capos kernel starting\r\n"
text_no_long_mode:
    .asciz "capos kernel panic: the CPU has no 64-bit mode; reset in 10 seconds\r\n"
text_no_nx:
    .asciz "capos kernel panic: the CPU has no NX, which capOS requires; reset in 10 seconds\r\n"

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff                    // 64-bit code
boot_gdt_pointer:
    .short 15
    .long PHYS(boot_gdt)

    .data
    .balign 8
    .globl boot_tsc
boot_tsc:
    .quad 0
boot_magic:
    .long 0
boot_information:
    .long 0

    .section .noinit, "aw", @nobits
    .balign 4096
boot_pml4:
    .skip 4096
boot_pdpt:
    .skip 4096
boot_kernel_pdpt:
    .skip 4096
boot_directories:
    .skip 4 * 4096
boot_stack:
    .skip 256
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
