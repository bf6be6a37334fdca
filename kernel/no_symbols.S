// The empty symbol table of the first link, from whose functions the real one is made (tools/kernel-symbols).
    .section .symbols, "a", @progbits
    .balign 8
    .globl kernel_symbol_table
kernel_symbol_table:
    .long 0, 0
    .section .note.GNU-stack, "", @progbits
