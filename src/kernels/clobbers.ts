/** Which registers machine code writes, from the instruction table: what the contract says about a kernel is held against it. */
import { findOpcode, type ObjectCode } from '../xtensa/index.ts';

/** Letters before the numbers of a register file. */
const FILES: Readonly<Record<string, string>> = { AR: 'a', QR: 'q', FR: 'f', BR: 'b' };
/** States of the core by the names that the contract has for them; others are named as in the instruction table. */
const STATES: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^ACCX/, 'accx'],
  [/^QACC/, 'qacc'],
  [/^(LBEG|LEND|LCOUNT)$/, 'loop'],
  [/^SAR$/, 'sar'],
  [/^SAR_BYTE$/, 'sar_byte'],
  [/^UA_STATE/, 'ua_state'],
  [/^(RoundMode|InvalidFlag|DivZeroFlag|OverflowFlag|UnderflowFlag|InexactFlag)/, 'flags'],
];

/** Registers and states that some instruction of the object writes, such as `a2`, `q7`, `accx`. */
export function writtenBy({ sections }: ObjectCode): Set<string> {
  const written = new Set<string>();
  for (const { name, bytes, data = [] } of sections) {
    if (!name.startsWith('.text')) continue;
    for (let at = 0; at < bytes.length; ) {
      const pool = data.find(([start, end]) => at >= start && at < end);
      if (pool) {
        at = pool[1];
        continue;
      }
      const word = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
      const opcode = findOpcode(word);
      if (!opcode) throw new Error(`${name} + ${at}: no instruction`);
      for (const { regfile, dir, field, decode, fixed } of opcode.operands) {
        if (regfile && dir !== 'in') written.add(`${FILES[regfile]}${fixed ?? decode(field(word))}`);
      }
      for (const state of opcode.states) {
        if (state.dir === 'in') continue;
        written.add(STATES.find(([pattern]) => pattern.test(state.name))?.[1] ?? state.name);
      }
      at += opcode.length;
    }
  }
  return written;
}

/** The names in a list of the contract such as `a2-a11 q0-q7 accx`. */
export function namesIn(clobbers: string): Set<string> {
  return new Set(
    clobbers.split(' ').flatMap((part) => {
      const range = /^([a-z])(\d+)-\1(\d+)$/.exec(part);
      if (!range) return [part];
      const [first, last] = [Number(range[2]), Number(range[3])];
      return Array.from({ length: last - first + 1 }, (_, i) => `${range[1]}${first + i}`);
    }),
  );
}
