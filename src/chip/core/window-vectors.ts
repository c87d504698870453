/** Window overflow and underflow handlers (Xtensa ISA reference manual, 4.7.1.3-4), one in each 64 bytes from VECBASE on (docs/esp32-s3.md C7). */
import { assembleText } from '../../xtensa/index.ts';

/** Bytes that the six handlers take. */
export const WINDOW_VECTOR_BYTES = 0x180;

/** Frames of 4, 8 and 12 registers: the base frame's stack pointer, and the register that leads to the extra save area. */
const FRAMES = [
  { size: 4, base: 'a5', underflowArea: '' },
  { size: 8, base: 'a9', underflowArea: 'a7' },
  { size: 12, base: 'a13', underflowArea: 'a11' },
] as const;

type Frame = (typeof FRAMES)[number];

/** `mnemonic` for a4 and up; they lie below the caller's stack pointer in `area`. */
function extra(mnemonic: string, { size }: Frame, area: string): string[] {
  return Array.from({ length: size - 4 }, (_, i) => `${mnemonic} a${4 + i}, ${area}, ${4 * i - 4 * size}`);
}

function overflow(frame: Frame): string[] {
  const { base, size } = frame;
  const callerStack = size > 4 ? ['l32e a0, a1, -12'] : [];
  return [
    `s32e a0, ${base}, -16`,
    ...callerStack,
    `s32e a1, ${base}, -12`,
    `s32e a2, ${base}, -8`,
    `s32e a3, ${base}, -4`,
    ...extra('s32e', frame, 'a0'),
    'rfwo',
  ];
}

function underflow(frame: Frame): string[] {
  const { base, underflowArea } = frame;
  const callerStack = underflowArea ? [`l32e ${underflowArea}, a1, -12`] : [];
  return [
    `l32e a0, ${base}, -16`,
    `l32e a1, ${base}, -12`,
    `l32e a2, ${base}, -8`,
    ...callerStack,
    `l32e a3, ${base}, -4`,
    ...extra('l32e', frame, underflowArea),
    'rfwu',
  ];
}

/** The handlers as machine code, to be put at VECBASE. */
export function windowVectors(): Uint8Array {
  const text = FRAMES.flatMap((frame) => [
    ...overflow(frame),
    '.balign 64',
    ...underflow(frame),
    '.balign 64',
  ]);
  const code = assembleText(text.join('\n')).sections.find(({ bytes }) => bytes.length > 0);
  return code!.bytes.subarray(0, WINDOW_VECTOR_BYTES);
}
