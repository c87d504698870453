# The test's program, in the place of esp32_llm.c: tells a story through the windowed entry points, each pass from below a
# recursion whose frames must all come back unharmed. Core 1 is told by the word `turn` that a pass begins.

	.section .text.test, "ax"

	.literal_position
	.align	4
	.global	start0
start0:
	movi	a0, 0
	call8	story
	movi	a2, 1
	simcall
halt:	j	halt

	.align	4
	.global	start1
start1:
	movi	a0, 0
	movi	a2, turn
	movi	a3, 0
wait:	memw
	l32i	a4, a2, 0
	beq	a4, a3, wait
	mov	a3, a4
	movi	a10, 1
	extui	a11, a3, 0, 4
	call8	deep
	j	wait

	.align	4
	.global	story
story:
	entry	a1, 64
	movi	a2, request
	l32i	a10, a2, 16	# temperature
	l32i	a11, a2, 20	# topp
	l32i	a12, a2, 44	# topk
	l32i	a13, a2, 48	# minp
	l32i	a14, a2, 52	# penalty
	call8	esp32_llm_program_sampling
	l32i	a10, a2, 56	# grammar
	l32i	a11, a2, 24	# most tokens
	call8	esp32_llm_program_bind
	l32i	a10, a2, 0	# prompt
	l32i	a11, a2, 4	# its bytes
	l32i	a12, a2, 8	# seed
	l32i	a13, a2, 12
	call8	esp32_llm_program_begin
	s32i	a10, a2, 28
	beqz	a10, over
	l32i	a3, a2, 24	# most tokens
	movi	a4, tokens
	movi	a5, turn
more:	beqz	a3, over
	l32i	a6, a5, 0
	addi	a6, a6, 1
	memw
	s32i	a6, a5, 0
	movi	a10, 0
	extui	a11, a6, 0, 4
	call8	deep
	call8	esp32_llm_program_next
	bltz	a10, over
	s32i	a10, a4, 0
	addi	a4, a4, 4
	addi	a3, a3, -1
	call8	esp32_llm_program_isOver
	bnez	a10, over
	j	more
over:	call8	esp32_llm_program_storyDigest
	s32i	a10, a2, 32
	s32i	a11, a2, 36
	movi	a3, tokens
	sub	a4, a4, a3
	srli	a4, a4, 2
	s32i	a4, a2, 40
	retw

# deep(core, depth): a pass from `depth` frames further down. Every register of every frame is checked afterwards.
	.align	4
deep:
	entry	a1, 48
	addi	a4, a3, 100
	addi	a5, a3, 200
	add	a6, a1, a3
	mov	a7, a1
	s32i	a3, a1, 0
	mov	a10, a2
	beqz	a3, bottom
	addi	a11, a3, -1
	call8	deep
	j	check
bottom:	call8	esp32_llm_program_pass
check:	l32i	a8, a1, 0
	bne	a8, a3, broken
	addi	a8, a3, 100
	bne	a8, a4, broken
	addi	a8, a3, 200
	bne	a8, a5, broken
	add	a8, a1, a3
	bne	a8, a6, broken
	bne	a7, a1, broken
	retw
broken:	movi	a2, 2
	simcall
	j	broken

	.section .bss.test, "aw", @nobits
	.align	16
	.global	request
request: .zero	64
	.global	turn
turn:	.zero	16
	.global	tokens
tokens:	.zero	4096
