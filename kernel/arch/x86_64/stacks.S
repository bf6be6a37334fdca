// The CPU's stacks, each above a page that paging leaves unmapped, so that an overflow faults instead of corrupting.
// kernel_stack is where the kernel works; entry_stack is where user registers pass; the others are for what can come at any
// moment. A program's page tables show all but kernel_stack.

    .macro stack name, bytes
    .globl \name\()_guard
    .globl \name\()_top
    .balign 4096
\name\()_guard:
    .skip 4096
    .skip \bytes
\name\()_top:
    .endm

    .section .noinit, "aw", @nobits
    stack kernel_stack, 0x8000
    stack entry_stack, 0x1000
    stack nmi_stack, 0x2000
    stack double_fault_stack, 0x2000
    stack machine_check_stack, 0x2000

    .section .note.GNU-stack, "", @progbits
