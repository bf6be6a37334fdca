// Zeroing whole pages: the one place where the kernel writes with vector registers, because nothing else writes as
// widely. The register belongs to whatever program ran last, so it is kept on the stack meanwhile; interrupts are off.
//
// void zero_pages_avx(void* pages, size_t bytes), zero_pages_sse likewise: page aligned, whole pages, at least one.

    .macro store_16 instruction, register, step
    .set offset, 0
    .rept 16
    \instruction \register, offset(%rdi)
    .set offset, offset + \step
    .endr
    .endm

    .text
    .globl zero_pages_avx
    .balign 16
zero_pages_avx:
    pushq %rbp
    movq %rsp, %rbp
    subq $32, %rsp
    vmovdqu %ymm0, (%rsp)
    vpxor %xmm0, %xmm0, %xmm0
1:  store_16 vmovdqa, %ymm0, 32
    addq $512, %rdi
    subq $512, %rsi
    jnz 1b
    vmovdqu (%rsp), %ymm0
    leave
    ret

    .globl zero_pages_sse
    .balign 16
zero_pages_sse:
    pushq %rbp
    movq %rsp, %rbp
    subq $16, %rsp
    movups %xmm0, (%rsp)
    xorps %xmm0, %xmm0
1:  store_16 movaps, %xmm0, 16
    addq $256, %rdi
    subq $256, %rsi
    jnz 1b
    movups (%rsp), %xmm0
    leave
    ret

    .section .note.GNU-stack, "", @progbits
