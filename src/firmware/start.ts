/**
 * The first and the last instructions: entry of both cores (docs/esp32-s3.md C10, items 1 to 3 and 6) and the exception vectors. Everything
 * between them is the compiled device program.
 */
import { offsetOf, panicFrame } from '../contract/index.ts';
import {
  type AR,
  type Assembler,
  a0,
  a1,
  a2,
  a3,
  aRegisters,
  createAssembler,
  type ObjectCode,
} from '../xtensa/index.ts';

/** Interrupt level 15, user mode, no windows, no exception state: a call0 program without interrupts. */
const PS_BARE = 0x2f;
/** Coprocessors: FPU is 0, PIE is 3. */
const CPENABLE_ALL = 0b1001;

/** Memory that the stub uses, as addresses or symbols the linker knows. */
export interface StartMemory {
  /** Ends of the stacks of core 0 and core 1, multiples of 16. */
  stackTops: readonly [number, number];
  /** {@link PANIC_BYTES} for each core. */
  panicFrames: number;
}

/** A frame and the stack for printing it, per core. */
export const PANIC_BYTES_SHIFT = 10;
export const PANIC_BYTES = 1 << PANIC_BYTES_SHIFT;

/** Size of the vector table; its address must be a multiple of it, since VECBASE has no bits below. */
export const VECTORS_BYTES = 0x400;

/** Offsets of the vectors from VECBASE (docs/esp32-s3.md C7). None of them is ever taken in a healthy program. */
const VECTORS: readonly (readonly [offset: number, name: string])[] = [
  [0x000, 'overflow4'],
  [0x040, 'underflow4'],
  [0x080, 'overflow8'],
  [0x0c0, 'underflow8'],
  [0x100, 'overflow12'],
  [0x140, 'underflow12'],
  [0x180, 'level2'],
  [0x1c0, 'level3'],
  [0x200, 'level4'],
  [0x240, 'level5'],
  [0x280, 'debug'],
  [0x2c0, 'nmi'],
  [0x300, 'kernel'],
  [0x340, 'user'],
  [0x3c0, 'double'],
];

/** Sections `.vectors` and `.start`, with the symbols `entry0`, `entry1`, `vectors` and `trap`; they want `main0`, `main1`, `panic`. */
export function startCode(memory: StartMemory, cores: 1 | 2): ObjectCode {
  const asm = createAssembler({ section: '.vectors' });
  vectorTable(asm);
  asm.section('.start', { align: 4, code: true });
  savePanic(asm, memory.panicFrames);
  trap(asm);
  entry(asm, 'entry0', memory.stackTops[0], 'main0');
  if (cores === 2) entry(asm, 'entry1', memory.stackTops[1], 'main1');
  return asm.finish();
}

/** Each vector saves a0 and calls on: the return address then tells which one it was. */
function vectorTable(asm: Assembler): void {
  asm.align(VECTORS_BYTES);
  asm.place('vectors');
  asm.exact(() => {
    let at = 0;
    for (const [offset, name] of VECTORS) {
      asm.space(offset - at);
      asm.place(`vector_${name}`);
      asm.wsr_excsave1(a0);
      asm.call0('save_panic');
      at = offset + 6;
    }
  });
}

/** Where compiled code goes on a WebAssembly trap, its number in a2: an illegal instruction, reported like every fault. */
function trap(asm: Assembler): void {
  asm.function('trap');
  asm.ill();
}

/** Fills in the contract's panic frame. */
function savePanic(asm: Assembler, frames: number): void {
  const at = (word: keyof typeof panicFrame.fields): number => offsetOf(panicFrame, word);
  const registers = at('registers');
  asm.function('save_panic');
  asm.wsr_misc0(a1);
  asm.wsr_misc1(a2);
  asm.movi(a1, frames);
  asm.rsr_prid(a2);
  asm.extui(a2, a2, 13, 1); // 0xCDCD on core 0, 0xABAB on core 1
  asm.slli(a2, a2, PANIC_BYTES_SHIFT);
  asm.add(a1, a1, a2);
  asm.srli(a2, a2, PANIC_BYTES_SHIFT);
  asm.s32i(a2, a1, at('core'));
  asm.s32i(a0, a1, at('vector'));
  const state: readonly (readonly [offset: number, read: (to: AR) => void])[] = [
    [at('cause'), asm.rsr_exccause],
    [at('pc'), asm.rsr_epc1],
    [at('address'), asm.rsr_excvaddr],
    [at('ps'), asm.rsr_ps],
    [at('sar'), asm.rsr_sar],
    [at('depc'), asm.rsr_depc],
    [registers, asm.rsr_excsave1], // a0, a1 and a2 as they were
    [registers + 4, asm.rsr_misc0],
    [registers + 8, asm.rsr_misc1],
  ];
  for (const [offset, read] of state) {
    read(a2);
    asm.s32i(a2, a1, offset);
  }
  for (let number = 3; number < 16; number++) asm.s32i(aRegisters[number], a1, registers + 4 * number);
  asm.mov(a2, a1);
  asm.addmi(a1, a1, PANIC_BYTES);
  asm.movi(a3, PS_BARE); // leaves the exception state, in which loops would not loop
  asm.wsr_ps(a3);
  asm.rsync();
  asm.call0('panic');
}

function entry(asm: Assembler, name: string, stackTop: number, main: string): void {
  asm.function(name);
  asm.movi(a2, PS_BARE);
  asm.wsr_ps(a2);
  asm.rsync();
  asm.movi(a2, 0);
  asm.wsr_windowbase(a2); // the visible registers change here
  asm.rsync();
  asm.movi(a2, 1);
  asm.wsr_windowstart(a2);
  asm.rsync();
  asm.movi(a2, 0);
  asm.wsr_intenable(a2);
  asm.wsr_lcount(a2);
  asm.movi(a3, -1);
  asm.wsr_intclear(a3);
  asm.movi(a3, 'vectors');
  asm.wsr_vecbase(a3);
  asm.movi(a3, CPENABLE_ALL);
  asm.wsr_cpenable(a3);
  asm.isync();
  asm.wur_fcr(a2); // round to nearest
  asm.wur_fsr(a2);
  asm.movi(a1, stackTop);
  asm.movi(a0, 0);
  asm.call0(main);
  const stop = asm.place(asm.label('stop'));
  asm.j(stop);
}
