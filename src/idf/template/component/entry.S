/*
 * Entry points for C: windowed-ABI functions around the CALL0-ABI program (program.S, kernels.S).
 *
 * Why CALL0 code may run inside a windowed frame, although interrupts and context switches spill register windows at any
 * moment:
 *
 * In a windowed frame, [a1 - 16, a1) is where the caller's a0..a3 go when its window is spilled, and where they are looked
 * for when the function returns. A spill between the two must therefore find the same a1. CALL0 code moves a1 as it likes.
 * So, before any of it runs:
 *
 *   1. `call12 spill` walks through all 64 registers. Overflow exceptions, the ordinary ones, put every older frame where
 *      it belongs: relative to the a1 that this frame had when it was entered. Afterwards WINDOWSTART has the bit of this
 *      frame only.
 *   2. a1 goes down by 16, so that the CALL0 code's frames, which begin right below their caller's a1, leave the saved
 *      registers of our caller alone. It stays a multiple of 16.
 *
 * From then on nothing is left to spill but this frame, and CALL0 code never makes another one. An interrupt (or a context
 * switch within it) saves a0..a15 of this frame, finds no other live window, and comes back to the same state; the windowed
 * C code that it runs in between has its frames after ours and returns from all of them. Whatever a1 is at that moment, the
 * memory below it is free: CALL0 code keeps nothing below a1. After the call a1 is what it was, a0 (with the size of the
 * caller's window in its upper two bits) comes back from this frame's own memory, and RETW reloads the caller's registers
 * from [a1 - 16, a1) by an ordinary underflow exception.
 *
 * CALL0 code does not touch PS, WINDOWBASE or WINDOWSTART, executes no windowed instruction and never calls back into C.
 * Arguments are in a2..a7 in both conventions (64-bit ones in even pairs, floats in address registers), results in a2, a3.
 * A panic's backtrace ends in this frame.
 */

#ifdef ESP_PLATFORM
#include "sdkconfig.h"
#endif
#if defined(ESP_PLATFORM) && !defined(CONFIG_ESP32_LLM_CODE_IN_FLASH)
#define ESP32_LLM_CODE .iram1.esp32_llm
#else
#define ESP32_LLM_CODE .text.esp32_llm
#endif

	.section	ESP32_LLM_CODE, "ax", @progbits
	.begin	no-transform

	/* 48 of the frame's 64 bytes are the save area of a4..a11, which a frame that makes call12 needs; a0 is at its bottom. */
	.macro	windowed name
	.align	4
	.global	esp32_llm_program_\name
	.type	esp32_llm_program_\name, @function
esp32_llm_program_\name:
	entry	a1, 64
	s32i	a0, a1, 0
	call12	esp32_llm_spill
	addi	a1, a1, -16
	call0	esp32_llm_call0_\name
	addi	a1, a1, 16
	l32i	a0, a1, 0
	retw
	.size	esp32_llm_program_\name, . - esp32_llm_program_\name
	.endm

@ENTRIES@

	/*
	 * Spills all windows but the caller's, by using all registers: four frames of twelve, each of which claims the quads
	 * 1..3 behind its own, leave nothing of the 16 quads but the caller's three.
	 */
	.align	4
	.type	esp32_llm_spill, @function
esp32_llm_spill:
	entry	a1, 48
	call12	esp32_llm_spill2
	retw
	.align	4
esp32_llm_spill2:
	entry	a1, 48
	call12	esp32_llm_spill3
	retw
	.align	4
esp32_llm_spill3:
	entry	a1, 48
	call12	esp32_llm_spill4
	retw
	.align	4
esp32_llm_spill4:
	entry	a1, 48
	or	a15, a15, a15
	retw
	.size	esp32_llm_spill, . - esp32_llm_spill

	/* The compiled program divides by zero or reaches the unreachable: never, unless memory is broken. */
	.align	4
	.global	esp32_llm_trap
	.type	esp32_llm_trap, @function
esp32_llm_trap:
	ill
	j	esp32_llm_trap
	.size	esp32_llm_trap, . - esp32_llm_trap

	.end	no-transform

	/* Addresses of the memory that the program works with, filled in by esp32_llm_init(). */
	.section	.bss.esp32_llm_words, "aw", @nobits
	.align	4
	.global	esp32_llm_words
	.type	esp32_llm_words, @object
esp32_llm_words:
	.zero	@WORD_BYTES@
	.size	esp32_llm_words, @WORD_BYTES@
