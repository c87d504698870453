# What an operating system does to a task, in the place of ESP-IDF's: at every tick of timer 0 it saves the registers, spills
# the windows relative to the stack pointer that it finds, lets other code use all registers and both stacks, and resumes
# the task in another window. (FreeRTOS's _xt_context_save and vPortYield do it in this order.)

	.section .text.interrupt, "ax"
	.literal_position
	.align	4
	.global	on_interrupt
on_interrupt:
	wsr.excsave1	a0
	rsr.prid	a0
	bbci	a0, 13, save0
	movi	a0, context1
	j	save
save0:	movi	a0, context0
save:	s32i	a1, a0, 4
	s32i	a2, a0, 8
	s32i	a3, a0, 12
	s32i	a4, a0, 16
	s32i	a5, a0, 20
	s32i	a6, a0, 24
	s32i	a7, a0, 28
	s32i	a8, a0, 32
	s32i	a9, a0, 36
	s32i	a10, a0, 40
	s32i	a11, a0, 44
	s32i	a12, a0, 48
	s32i	a13, a0, 52
	s32i	a14, a0, 56
	s32i	a15, a0, 60
	rsr.excsave1	a2
	s32i	a2, a0, 0
	rsr.epc1	a2
	s32i	a2, a0, 64
	rsr.ps	a2
	s32i	a2, a0, 68
	rsr.sar	a2
	s32i	a2, a0, 72
	rsr.lbeg	a2
	s32i	a2, a0, 76
	rsr.lend	a2
	s32i	a2, a0, 80
	rsr.lcount	a2
	s32i	a2, a0, 84
	movi	a2, 0
	wsr.lcount	a2
	l32i	a2, a0, 88	# how often
	addi	a2, a2, 1
	s32i	a2, a0, 88

	rsr.exccause	a2
	bnei	a2, 4, wrong	# not an interrupt

	# Window exceptions on, interrupts off.
	movi	a2, 0x40023
	wsr.ps	a2
	rsync
	call12	exhaust
	rsr.windowbase	a2
	ssl	a2
	movi	a3, 1
	sll	a3, a3
	rsr.windowstart	a2
	bne	a2, a3, lost	# all spilled but this one

	# Another task: its own stack, all registers.
	l32i	a1, a0, 92
	movi	a2, -1
	movi	a3, -1
	movi	a4, -1
	movi	a5, -1
	movi	a6, -1
	movi	a7, -1
	movi	a10, 20
	s32i	a0, a1, 0
	call8	clobber
	l32i	a0, a1, 0

	# And back, one quad of registers further on.
	movi	a2, 0x40033	# EXCM
	wsr.ps	a2
	rsync
	wsr.excsave1	a0
	rotw	1
	rsr.excsave1	a0
	rsr.windowbase	a2
	ssl	a2
	movi	a3, 1
	sll	a3, a3
	wsr.windowstart	a3
	rsync

	rsr.ccount	a2
	l32i	a3, a0, 96	# cycles to the next
	add	a2, a2, a3
	wsr.ccompare0	a2
	l32i	a2, a0, 64
	wsr.epc1	a2
	l32i	a2, a0, 72
	wsr.sar	a2
	l32i	a2, a0, 76
	wsr.lbeg	a2
	l32i	a2, a0, 80
	wsr.lend	a2
	l32i	a2, a0, 84
	wsr.lcount	a2
	l32i	a2, a0, 68
	wsr.ps	a2
	rsync
	l32i	a1, a0, 4
	l32i	a2, a0, 8
	l32i	a3, a0, 12
	l32i	a4, a0, 16
	l32i	a5, a0, 20
	l32i	a6, a0, 24
	l32i	a7, a0, 28
	l32i	a8, a0, 32
	l32i	a9, a0, 36
	l32i	a10, a0, 40
	l32i	a11, a0, 44
	l32i	a12, a0, 48
	l32i	a13, a0, 52
	l32i	a14, a0, 56
	l32i	a15, a0, 60
	l32i	a0, a0, 0
	rfe
lost:	movi	a2, 3
	simcall
	j	lost
wrong:	rsr.excvaddr	a4
	rsr.epc1	a5
	mov	a3, a2
	movi	a2, 4
	simcall
	j	wrong

	.align	4
exhaust:
	entry	a1, 48
	call12	exhaust2
	retw
	.align	4
exhaust2:
	entry	a1, 48
	call12	exhaust3
	retw
	.align	4
exhaust3:
	entry	a1, 48
	call12	exhaust4
	retw
	.align	4
exhaust4:
	entry	a1, 48
	mov	a15, a15
	retw

	.align	4
clobber:
	entry	a1, 48
	movi	a3, -1
	movi	a4, -1
	movi	a5, -1
	movi	a6, -1
	movi	a7, -1
	beqz	a2, up
	addi	a10, a2, -1
	call8	clobber
up:	retw

	.section .data.interrupt, "aw"
	.align	16
	.global	context0
context0: .zero	112
	.global	context1
context1: .zero	112
